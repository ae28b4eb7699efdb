/** `http[].route[]`: the split, and the cluster that each destination names. */

import { nearest } from "../../../diagnostics/nearest.ts";
import type { Span } from "../../../diagnostics/span.ts";
import type { Destination as IrDestination } from "../../../ir/ir.ts";
import type { Destination, HttpRouteDestination } from "../../resources/model.ts";
import { clusterName } from "../../services/cluster-uses.ts";
import { resolveHost } from "../../services/host-names.ts";
import { didYouMean } from "../../services/report.ts";
import type { Service } from "../../services/service.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import type { Site } from "../context/site.ts";
import type { DestinationRules } from "../policies/destination-rules.ts";
import { effectivePolicy } from "../policies/traffic-policy.ts";
import { MESH } from "./gateway-names.ts";
import { lowerDestinationHeaders } from "./header-operations.ts";
import type { VirtualService } from "./virtual-services.ts";

/** Empty when every weight is 0. */
export function lowerSplit(
  split: readonly HttpRouteDestination[],
  rule: number,
  virtualService: VirtualService,
  site: Site,
  lowering: LoweringContext,
): IrDestination[] {
  const destinations = split.map(({ destination, weight, headers }, index) => ({
    weight: weight ?? 0,
    headers: () => lowerDestinationHeaders(headers),
    lower: () => {
      const spanOf = (field: string) =>
        virtualService.resource.spanOf([
          "spec",
          "http",
          rule,
          "route",
          index,
          "destination",
          ...field.split("."),
        ]);
      return destinationCluster(destination, spanOf, virtualService, site, lowering);
    },
  }));
  // The weight of a single destination means nothing, not even 0.
  const used = destinations.length === 1 ? destinations : destinations.filter(({ weight }) => weight > 0);
  // The operations on headers of an only destination are in its rule's list.
  return used.length === 1
    ? used.map(({ lower }) => ({ cluster: lower(), weight: 1 }))
    : used.map(({ weight, lower, headers }) => ({ cluster: lower(), weight, ...headers() }));
}

/** A destination that leads nowhere is a warning: its cluster is then absent, and Envoy answers 503, as with istiod. */
export function destinationCluster(
  destination: Destination,
  spanOf: (field: string) => Span,
  { resource }: VirtualService,
  site: Site,
  { registry, clusterUses, report, options, destinationRules }: LoweringContext,
  fate = "requests for it will be answered 503",
): string {
  const host = resolveHost(destination.host, resource.namespace, options.domainSuffix);
  const named = registry.get(host);
  const service = named && (registry.aliasTarget(named) ?? named);
  const port = destination.port?.number ?? impliedPort(named, site);
  const subset = destination.subset ?? "";
  if (service === undefined) {
    report("SL0401", `no service has the host "${host}"; ${fate}`, spanOf("host"), () =>
      didYouMean(
        nearest(
          host,
          registry.services.map((candidate) => candidate.host),
        ),
      ),
    );
  } else if (service.ports.every(({ number }) => number !== port)) {
    if (destination.port !== undefined || !site.speculative) {
      report("SL0402", `"${service.host}" has no port ${port}; ${fate}`, spanOf("port.number"), () =>
        portHelp(service),
      );
    }
  } else if (subset !== "" && destinationRules.subset(service, subset) === undefined) {
    report(
      "SL0403",
      `no DestinationRule defines a subset "${subset}" of "${service.host}"; ${fate}`,
      spanOf("subset"),
      () => subsetHelp(subset, destinationRules.subsetNames(service)),
    );
  } else if (isElsewhere(service, site)) {
    return `nowhere|${port}|${subset}|${service.host}`;
  } else {
    if (site.gateway !== MESH && passesThrough(service, port, subset, destinationRules)) {
      report(
        "SL0301",
        `not supported at a gateway: "${service.host}" has loadBalancer.simple PASSTHROUGH, but what a request names there is the gateway itself`,
        spanOf("host"),
      );
    }
    clusterUses.add(service, port, subset, {
      ...(subset !== "" && { span: spanOf("subset") }),
      ...(site.gateway !== MESH && { atEdge: true }),
    });
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

function passesThrough(service: Service, port: number, subset: string, rules: DestinationRules): boolean {
  const policy = effectivePolicy(
    rules.find(service)?.trafficPolicy,
    subset === "" ? undefined : rules.subset(service, subset)?.trafficPolicy,
    port,
  );
  return policy.loadBalancer?.simple === "PASSTHROUGH";
}

/**
 * The port of a destination that names none. In the mesh istiod knows a service only by the port that the request
 * asks for; at a gateway, by all of them, and takes the only one.
 */
function impliedPort(service: Service | undefined, site: Site): number {
  const only = service?.ports.length === 1 ? service.ports[0] : undefined;
  return site.gateway !== MESH && only !== undefined ? only.number : site.port;
}

function portHelp({ ports }: Service): { help?: string } {
  return ports.length === 0 ? {} : { help: `It has: ${ports.map(({ number }) => number).join(", ")}.` };
}

function subsetHelp(subset: string, defined: readonly string[]): { help?: string } {
  const near = nearest(subset, defined);
  return near !== undefined
    ? didYouMean(near)
    : defined.length === 0
      ? {}
      : { help: `Defined are: ${defined.join(", ")}.` };
}
