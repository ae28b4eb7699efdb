/** The clusters that the routes use. */

import type { Cluster } from "../../../ir/ir.ts";
import { compareStrings } from "../../../ir/text.ts";
import type { ClusterUse } from "../../services/cluster-uses.ts";
import type { Effects } from "../context/effects.ts";
import { type GatheringContext, gathering } from "../context/gathering-context.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import type { EffectivePolicy } from "../destination-rules/traffic-policy.ts";
import { lowerClientTls } from "./client-tls.ts";
import { lowerEndpoints } from "./cluster-endpoints.ts";
import { lowerConnectionPool, upstreamProtocol } from "./connection-pool.ts";
import { lowerLoadBalancer } from "./load-balancer.ts";
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
  const policy = lowering.destinationRules.policyOf(service, use.subset, port);
  const declared = service.ports.find(({ number }) => number === port)?.protocol ?? "auto";
  const outlierDetection = lowerOutlierDetection(policy.outlierDetection);
  const { discovery, ...placed } = lowerEndpoints(use, policy, lowering.destinationRules, lowering.options);
  return {
    name,
    discovery,
    protocol: upstreamProtocol(declared, policy.connectionPool, atEdge),
    ...lowerConnectionPool(policy),
    loadBalancer: lowerLoadBalancer(policy.loadBalancer),
    ...placed,
    ...lowerProxyProtocol(policy.proxyProtocol),
    ...lowerClientTls(policy.tls, service, policy.tlsPlace, lowering),
    ...(outlierDetection && { outlierDetection }),
  };
}

/** The first version unless another is named. */
function lowerProxyProtocol(settings: EffectivePolicy["proxyProtocol"]): Pick<Cluster, "proxyProtocol"> {
  return settings === undefined ? {} : { proxyProtocol: settings.version === "V2" ? "v2" : "v1" };
}
