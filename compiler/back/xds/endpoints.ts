/** Addresses of a cluster: inside the cluster, or in a file of their own (EDS). */

import type { Endpoint } from "../../ir/ir.ts";
import { compareStrings } from "../../ir/text.ts";
import { endpointAddress, type PipeAddress, type SocketAddress } from "./socket-address.ts";

/** `envoy.config.endpoint.v3.ClusterLoadAssignment` */
export interface LoadAssignment {
  readonly cluster_name: string;
  readonly endpoints: readonly LocalityEndpoints[];
}

/** `envoy.config.endpoint.v3.LocalityLbEndpoints` */
export interface LocalityEndpoints {
  readonly locality?: { readonly region: string; readonly zone: string; readonly sub_zone: string };
  readonly load_balancing_weight: number;
  readonly priority?: number;
  readonly lb_endpoints: readonly {
    readonly endpoint: {
      readonly address: SocketAddress | PipeAddress;
      readonly health_check_config?: { readonly port_value: number };
    };
    readonly load_balancing_weight: number;
    readonly health_status?: "UNHEALTHY";
  }[];
}

const MAX_WEIGHT = 4_294_967_295;

/**
 * One entry for each locality and priority. Sorted, so that the order in which endpoints were written makes no difference;
 * a locality weighs as much as its endpoints together, unless they say otherwise.
 */
export function emitLoadAssignment(clusterName: string, endpoints: readonly Endpoint[]): LoadAssignment {
  const localities = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    const key = groupKey(endpoint);
    const group = localities.get(key);
    if (group === undefined) {
      localities.set(key, [endpoint]);
    } else {
      group.push(endpoint);
    }
  }
  return {
    cluster_name: clusterName,
    endpoints: [...localities]
      .sort(([a], [b]) => compareStrings(a, b))
      .map(([, group]) => emitLocality(group)),
  };
}

function groupKey({ locality, priority = 0 }: Endpoint): string {
  return JSON.stringify([priority, locality ? [locality.region, locality.zone, locality.subZone] : ""]);
}

function emitLocality(group: readonly Endpoint[]): LocalityEndpoints {
  const { locality, priority, localityWeight } = group[0]!;
  const weight = localityWeight ?? group.reduce((sum, endpoint) => sum + endpoint.weight, 0);
  return {
    ...(locality && {
      locality: { region: locality.region, zone: locality.zone, sub_zone: locality.subZone },
    }),
    load_balancing_weight: Math.min(weight, MAX_WEIGHT),
    ...(priority && { priority }),
    lb_endpoints: [...group].sort(compareEndpoints).map((endpoint) => ({
      endpoint: {
        address: endpointAddress(endpoint.address, endpoint.port),
        ...(endpoint.healthPort !== undefined && {
          health_check_config: { port_value: endpoint.healthPort },
        }),
      },
      load_balancing_weight: endpoint.weight,
      ...(endpoint.unhealthy && { health_status: "UNHEALTHY" }),
    })),
  };
}

function compareEndpoints(a: Endpoint, b: Endpoint): number {
  return compareStrings(a.address, b.address) || a.port - b.port || a.weight - b.weight;
}
