/** `http[].route[]`: the split, and the cluster that each destination names. */

import type { Destination as IrDestination } from "../../../ir/ir.ts";
import type { Destination, FieldPath, HttpRouteDestination } from "../../resources/model.ts";
import { clusterName, clusterUse } from "../../services/cluster-uses.ts";
import type { Service } from "../../services/service.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import type { Site } from "../context/site.ts";
import { MESH } from "./gateway-names.ts";
import { lowerDestinationHeaders } from "./header-operations.ts";
import { resolveDestination } from "./resolve-destination.ts";
import type { VirtualService } from "./virtual-services.ts";

/** Empty when every weight is 0. */
export function lowerSplit(
  split: readonly HttpRouteDestination[],
  rule: number,
  virtualService: VirtualService,
  site: Site,
  lowering: GatheringContext,
): IrDestination[] {
  const destinations = split.map(({ destination, weight, headers }, index) => ({
    weight: weight ?? 0,
    headers: () => lowerDestinationHeaders(headers),
    lower: () => {
      const path = ["spec", "http", rule, "route", index, "destination"];
      return destinationCluster(destination, path, virtualService, site, lowering);
    },
  }));
  // The weight of a single destination means nothing, not even 0; its operations on headers are in its rule's list.
  if (destinations.length === 1) {
    return destinations.map(({ lower }) => ({ cluster: lower(), weight: 1 }));
  }
  const used = destinations.filter(({ weight }) => weight > 0);
  return used.map(({ weight, lower, headers }) => ({
    cluster: lower(),
    weight: used.length === 1 ? 1 : weight,
    ...headers(),
  }));
}

/** The cluster of a destination that leads nowhere is absent, and Envoy answers 503, as with istiod. */
export function destinationCluster(
  destination: Destination,
  path: FieldPath,
  { resource }: VirtualService,
  site: Site,
  { effects, ...lowering }: GatheringContext,
): string {
  const { destinationRules, options } = lowering;
  const resolved = resolveDestination(destination, resource.namespace, lowering, site);
  const { host, service, subset, missing } = resolved;
  const port = resolved.port ?? site.port;
  if (service === undefined || missing.length > 0) {
    // Where istiod guesses the port, nothing is wrong with a service that does not have it.
    if (missing[0] !== "port" || destination.port !== undefined || !site.speculative) {
      const viewer = options.proxyNamespace;
      effects.dangling.push({
        resource,
        path,
        viewer,
        resolved: { ...resolved, missing: missing.slice(0, 1) },
      });
    }
  } else if (isElsewhere(service, site)) {
    return `nowhere|${port}|${subset}|${service.host}`;
  } else {
    const spanOf = (field: string) => resource.spanOf([...path, field]);
    if (
      site.gateway !== MESH &&
      destinationRules.policyOf(service, subset, port).loadBalancer?.simple === "PASSTHROUGH"
    ) {
      effects.report(
        "SL0301",
        `not supported at a gateway: "${service.host}" has loadBalancer.simple PASSTHROUGH, but the address that a request names there is the gateway's own`,
        spanOf("host"),
      );
    }
    effects.uses.push(
      clusterUse(service, port, subset, {
        ...(subset !== "" && { span: spanOf("subset") }),
        ...(site.gateway !== MESH && { atEdge: true }),
      }),
    );
  }
  return clusterName(port, subset, service?.host ?? host);
}

/**
 * What goes where a connection was meant for has nowhere to go from an edge, where istiod gives it a cluster without
 * endpoints. Ours would ask whatever host a client writes into its request, so an edge gets none at all.
 */
function isElsewhere({ meshOnly }: Service, { gateway }: Site): boolean {
  return gateway !== MESH && meshOnly === true;
}
