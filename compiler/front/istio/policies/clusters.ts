/** The clusters that the routes use. */

import { isLookedUp } from "../../../ir/discovery.ts";
import type { Cluster, Discovery, Endpoint } from "../../../ir/ir.ts";
import { compareStrings } from "../../../ir/text.ts";
import type { Subset } from "../../resources/model.ts";
import type { ClusterUse } from "../../services/cluster-uses.ts";
import { selects } from "../../services/labels.ts";
import type { Service, ServiceEndpoint } from "../../services/service.ts";
import type { Effects } from "../context/effects.ts";
import { type GatheringContext, gathering } from "../context/gathering-context.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import type { EffectivePolicy } from "../destination-rules/traffic-policy.ts";
import { lowerClientTls } from "./client-tls.ts";
import { lowerConnectionPool, upstreamProtocol } from "./connection-pool.ts";
import { lowerLoadBalancer } from "./load-balancer.ts";
import { placeEndpoints } from "./locality.ts";
import { lowerOutlierDetection } from "./outlier-detection.ts";

export function lowerClusters(
  uses: readonly ClusterUse[],
  context: LoweringContext,
): { readonly clusters: readonly Cluster[]; readonly effects: Effects } {
  const lowering = gathering(context);
  const clusters = uses
    .map((use) => lowerCluster(use, lowering))
    .sort((a, b) => compareStrings(a.name, b.name));
  return { clusters, effects: lowering.effects };
}

function lowerCluster(use: ClusterUse, lowering: GatheringContext): Cluster {
  const { name, service, port, atEdge } = use;
  const subset = use.subset === "" ? undefined : lowering.destinationRules.subset(service, use.subset);
  const policy = lowering.destinationRules.policyOf(service, use.subset, port);
  const declared = service.ports.find(({ number }) => number === port)?.protocol ?? "auto";
  const outlierDetection = lowerOutlierDetection(policy.outlierDetection);
  const { endpoints, ...placed } = placeEndpoints(
    chooseEndpoints(use, subset).filter(({ unready }) => !unready || !asksUnhealthy(policy)),
    policy,
    lowering.options,
    service.prefers,
  );
  return {
    name,
    discovery: discovery(service, endpoints, policy),
    protocol: upstreamProtocol(declared, policy.connectionPool, atEdge),
    ...lowerConnectionPool(policy),
    loadBalancer: lowerLoadBalancer(policy.loadBalancer),
    ...placed,
    ...lowerProxyProtocol(policy.proxyProtocol),
    ...lowerClientTls(policy.tls, service, policy.tlsPlace, lowering),
    ...(outlierDetection && { outlierDetection }),
  };
}

/** A subset without labels has all endpoints; one whose labels nobody has stays empty, and Envoy answers 503. */
function chooseEndpoints(
  { service, port }: ClusterUse,
  subset: Subset | undefined,
): readonly ServiceEndpoint[] {
  return (service.endpoints.get(port) ?? []).filter(({ labels }) => selects(subset?.labels, labels));
}

/** Where Envoy may ask all when too many fail, it must not know of those that are not ready. */
function asksUnhealthy({ outlierDetection }: EffectivePolicy): boolean {
  return (outlierDetection?.minHealthPercent ?? 0) > 0;
}

/** The first version unless another is named. */
function lowerProxyProtocol(settings: EffectivePolicy["proxyProtocol"]): Pick<Cluster, "proxyProtocol"> {
  return settings === undefined ? {} : { proxyProtocol: settings.version === "V2" ? "v2" : "v1" };
}

function discovery(
  { discovery: kind }: Service,
  endpoints: readonly Endpoint[],
  { loadBalancer }: EffectivePolicy,
): Discovery {
  if (loadBalancer?.simple === "PASSTHROUGH") {
    return { kind: "originalDestination", endpoints: [] };
  }
  return isLookedUp(kind) ? { kind, endpoints: [] } : { kind, endpoints };
}
