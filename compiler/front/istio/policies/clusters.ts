/** The clusters that the routes use. */

import type { Cluster } from "../../../ir/ir.ts";
import { compareStrings } from "../../../ir/text.ts";
import type { OutboundPolicy } from "../../../options.ts";
import type { MeshConfigSpec } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";
import type { ClusterUse } from "../../services/cluster-uses.ts";
import { goesByAddress } from "../../services/service.ts";
import type { Effects } from "../context/effects.ts";
import { type GatheringContext, gathering } from "../context/gathering-context.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import type { ServicePolicy } from "../destination-rules/destination-rules.ts";
import type { EffectivePolicy } from "../destination-rules/traffic-policy.ts";
import { lowerClientTls } from "./client-tls.ts";
import { lowerEndpoints } from "./cluster-endpoints.ts";
import { lowerConnectionPool, upstreamProtocol } from "./connection-pool.ts";
import { lowerHealthCheck } from "./health-check.ts";
import { lowerLoadBalancer } from "./load-balancer.ts";
import { asksWhereProxyIs } from "./locality.ts";
import { lowerOutlierDetection } from "./outlier-detection.ts";
import { passthroughClusters } from "./passthrough.ts";

/** In the order of their names, with where requests go for hosts that nobody registered. */
export function lowerClusters(
  uses: readonly ClusterUse[],
  outboundPolicy: OutboundPolicy,
  context: LoweringContext,
): { readonly clusters: readonly Cluster[]; readonly effects: Effects } {
  const lowering = gathering(context);
  const passthrough =
    context.sidecar?.egressProxy === undefined
      ? passthroughClusters(outboundPolicy, context.options, context.cache.shared.settings.written)
      : [];
  const finish = context.proxyConfig.proxyHeaders?.preserveHttp1HeaderCase
    ? keepingHeaderCase
    : (clusters: readonly Cluster[]) => clusters;
  const shared = context.cache.shared.clusterLists;
  const known = shared.get(uses);
  if (known !== undefined && known.passthrough === passthrough.length) {
    return { clusters: finish(known.clusters), effects: lowering.effects };
  }
  const own = uses.map((use) => lowerCluster(use, lowering));
  const clusters = [...own.map(({ cluster }) => cluster), ...passthrough].sort((a, b) =>
    compareStrings(a.name, b.name),
  );
  if (own.every(({ isForAll }) => isForAll)) {
    shared.set(uses, { passthrough: passthrough.length, clusters });
  }
  return { clusters: finish(clusters), effects: lowering.effects };
}

/** The same list for the same list, which proxies that do not want it have in common. */
function keepingHeaderCase(clusters: readonly Cluster[]): readonly Cluster[] {
  let keeping = keepingCase.get(clusters);
  if (keeping === undefined) {
    keeping = clusters.map((cluster) =>
      cluster.protocol === "http2" || cluster.protocol === "tcp"
        ? cluster
        : { ...cluster, keepsHeaderCase: true },
    );
    keepingCase.set(clusters, keeping);
  }
  return keeping;
}

const keepingCase = new WeakMap<readonly Cluster[], readonly Cluster[]>();

interface LoweredCluster {
  readonly cluster: Cluster;
  /** It depends on nothing of the proxy but the rule that it sees for the service. */
  readonly isForAll: boolean;
}

/** One that depends on nothing of a proxy but the rule that it sees for the service is the same object for all of them. */
function lowerCluster(use: ClusterUse, lowering: GatheringContext): LoweredCluster {
  const { service, port, subset, atEdge = false, passesTls } = use;
  const { clusters } = lowering.cache.shared;
  const rule = lowering.destinationRules.find(service);
  const all = clusters.get(service) ?? [];
  const known = all.find(
    (one) =>
      one.port === port &&
      one.subset === subset &&
      one.atEdge === atEdge &&
      one.passesTls === passesTls &&
      one.rule === rule,
  );
  if (known !== undefined) {
    return { cluster: known.cluster, isForAll: true };
  }
  const policy = lowering.destinationRules.policyOf(service, subset, port);
  const said = lowering.effects.findings.length;
  const cluster = newCluster(use, policy, lowering);
  const isForAll =
    policy.tls === undefined &&
    lowering.effects.findings.length === said &&
    !asksWhereProxyIs(policy, {
      prefers: service.prefers,
      ofMesh: lowering.cache.shared.settings.written,
      isChecked: lowering.destinationRules.checkOf(service, subset) !== undefined,
    });
  if (isForAll) {
    clusters.set(service, [...all, { port, subset, atEdge, passesTls, rule, cluster }]);
  }
  return { cluster, isForAll };
}

function newCluster(use: ClusterUse, policy: ServicePolicy, lowering: GatheringContext): Cluster {
  const { name, service, port, subset, atEdge, passesTls } = use;
  const declared = service.ports.find(({ number }) => number === port)?.protocol ?? "auto";
  const { written } = lowering.cache.shared.settings;
  const outlierDetection = lowerOutlierDetection(policy.outlierDetection);
  const { discovery, ...placed } = lowerEndpoints(use, policy, lowering.destinationRules, lowering.options);
  const protocol = passesTls
    ? "tcp"
    : upstreamProtocol(declared, policy.connectionPool, atEdge, written.h2UpgradePolicy);
  const check = lowering.destinationRules.checkOf(service, subset);
  return {
    name,
    // At an edge, an address is its own.
    discovery:
      goesByAddress(service, port) && !atEdge && passesTls === undefined
        ? { kind: "originalAddress", port, endpoints: [] }
        : discovery,
    ...lowerDnsRefresh(discovery, written),
    protocol,
    ...lowerConnectionPool(policy, written),
    loadBalancer: lowerLoadBalancer(policy.loadBalancer),
    ...placed,
    ...(outlierDetection && { outlierDetection }),
    // What passes through begins where it comes from; what it leads to takes no other TLS, that of a check neither.
    ...(passesTls === undefined && {
      ...lowerProxyProtocol(policy.proxyProtocol),
      ...lowerClientTls(use, protocol, policy, lowering),
      ...lowerHealthCheck(check, use, { discovery, protocol }, lowering.effects.report),
    }),
  };
}

/** Only of names, and only where the mesh says it. */
function lowerDnsRefresh(
  { kind }: Cluster["discovery"],
  { dnsRefreshRate }: MeshConfigSpec,
): Pick<Cluster, "dnsRefreshMs"> {
  const dnsRefreshMs = durationMs(dnsRefreshRate);
  const isOfNames = kind === "strictDns" || kind === "logicalDns";
  return isOfNames && dnsRefreshMs !== undefined ? { dnsRefreshMs } : {};
}

/** The first version unless another is named. */
function lowerProxyProtocol(settings: EffectivePolicy["proxyProtocol"]): Pick<Cluster, "proxyProtocol"> {
  return settings === undefined ? {} : { proxyProtocol: settings.version === "V2" ? "v2" : "v1" };
}
