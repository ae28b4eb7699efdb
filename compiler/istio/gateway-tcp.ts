/**
 * Connections that a Gateway passes on without reading HTTP in them: `tcp` rules for its servers of TCP, and of TLS that
 * ends here; `tls` rules, by the name that a client asks for, for TLS that ends elsewhere.
 */

import type { ServerTls, TcpChain } from "../ir/ir.ts";
import { resolveGatewayName } from "./gateway-names.ts";
import type { Lowering } from "./lowering.ts";
import type { FieldPath, RouteDestination } from "./model.ts";
import { destinationCluster } from "./routes/destinations.ts";
import type { VirtualService } from "./virtual-services.ts";

/** Where the chains are for. */
export interface TcpPlace {
  readonly name: string;
  /** `namespace/name` */
  readonly gateway: string;
  /** The server's, which rules speak of. */
  readonly port: number;
  readonly address: string;
  readonly boundPort: number;
}

/** What a rule's `match` says, of what a gateway can tell; it knows no clients' labels and addresses. */
interface Match {
  readonly port?: number;
  readonly gateways?: readonly string[];
}

/** One chain, of the first rule that applies: without one, connections are closed. */
export function lowerTcpServer(
  place: TcpPlace,
  virtualServices: readonly VirtualService[],
  tls: ServerTls | undefined,
  lowering: Lowering,
): TcpChain[] {
  for (const virtualService of virtualServices) {
    for (const [rule, { match, route }] of (virtualService.resource.spec.tcp ?? []).entries()) {
      const matches: readonly Match[] = match?.length ? match : [{}];
      if (matches.some((one) => applies(one, place, virtualService))) {
        const destinations = lowerDestinations(route, ["spec", "tcp", rule], virtualService, place, lowering);
        return destinations.length === 0
          ? []
          : [{ ...chainOf(place), serverNames: tls?.serverNames ?? [], ...(tls && { tls }), destinations }];
      }
    }
  }
  return [];
}

/** A chain for each match, by the names that clients ask for. A name that is taken on the port is left out. */
export function lowerPassthroughServer(
  place: TcpPlace,
  virtualServices: readonly VirtualService[],
  takenNames: Set<string>,
  lowering: Lowering,
): TcpChain[] {
  const chains: TcpChain[] = [];
  for (const virtualService of virtualServices) {
    for (const [rule, { match, route }] of (virtualService.resource.spec.tls ?? []).entries()) {
      for (const one of match ?? []) {
        const names = (one.sniHosts ?? []).map((name) => name.toLowerCase());
        const free = [...new Set(names)].filter((name) => !takenNames.has(name));
        if (!applies(one, place, virtualService) || free.length === 0) continue;
        const destinations = lowerDestinations(route, ["spec", "tls", rule], virtualService, place, lowering);
        if (destinations.length === 0) continue;
        for (const name of free) takenNames.add(name);
        chains.push({
          ...chainOf(place),
          name: `${place.name}_${chains.length}`,
          serverNames: free.includes("*") ? [] : free,
          readsServerName: true,
          destinations,
        });
      }
    }
  }
  return chains;
}

function chainOf({ name, address, boundPort }: TcpPlace): Pick<TcpChain, "name" | "address" | "port"> {
  return { name, address, port: boundPort };
}

/** Unlike for HTTP, all of it must hold. */
function applies({ port, gateways }: Match, place: TcpPlace, { resource }: VirtualService): boolean {
  return (
    (!port || port === place.port) &&
    (!gateways?.length ||
      gateways.some((name) => resolveGatewayName(name, resource.namespace) === place.gateway))
  );
}

function lowerDestinations(
  route: readonly RouteDestination[] = [],
  rulePath: FieldPath,
  virtualService: VirtualService,
  { gateway, port }: TcpPlace,
  lowering: Lowering,
): TcpChain["destinations"] {
  const used =
    route.length === 1 ? route.map((one) => ({ ...one, weight: 1 })) : route.filter(({ weight }) => weight);
  return used.map(({ destination, weight = 1 }) => {
    const index = route.findIndex((one) => one.destination === destination);
    const spanOf = (field: string) =>
      virtualService.resource.spanOf([...rulePath, "route", index, "destination", ...field.split(".")]);
    const fate = "connections to it will be closed";
    return {
      cluster: destinationCluster(destination, spanOf, virtualService, { gateway, port }, lowering, fate),
      weight,
    };
  });
}
