/**
 * Where the requests of a cluster go: all of a cluster that its endpoints have a say in. A change of endpoints alone asks
 * this again, and nothing else of the lowering.
 */

import { isLookedUp } from "../../../ir/discovery.ts";
import type { Cluster, Endpoint } from "../../../ir/ir.ts";
import type { ProxyOptions } from "../../../options.ts";
import type { WrittenCheck } from "../../resources/health-check.ts";
import type { Subset } from "../../resources/model.ts";
import { isClusterLocal } from "../../services/cluster-local.ts";
import type { ClusterUse, PassesTls } from "../../services/cluster-uses.ts";
import { selects } from "../../services/labels.ts";
import { CLUSTER_LABEL } from "../../services/locality.ts";
import type { Service, ServiceEndpoint } from "../../services/service.ts";
import { HAS_SIDECAR, SIDECAR_LABEL } from "../../services/sidecar-label.ts";
import type { DestinationRules } from "../destination-rules/destination-rules.ts";
import type { EffectivePolicy } from "../destination-rules/traffic-policy.ts";
import { placeEndpoints } from "./locality.ts";

/** A port of a service, or of a subset of it. */
export type ServicePart = Pick<ClusterUse, "service" | "port" | "subset" | "passesTls">;

export type ClusterEndpoints = Pick<Cluster, "discovery" | "byLocalityWeight" | "zoneAware">;

export function lowerEndpoints(
  { service, port, subset, passesTls }: ServicePart,
  policy: EffectivePolicy,
  rules: DestinationRules,
  proxy: ProxyOptions,
): ClusterEndpoints {
  const named = subset === "" ? undefined : rules.subset(service, subset);
  const reachable = inReach(service.endpoints.get(port) ?? [], service, rules, proxy);
  const chosen = chooseEndpoints(reachable, named);
  const check = rules.checkOf(service, subset)?.check;
  const asked = chosen.filter(
    (one) =>
      (!one.unready || !asksUnhealthy(policy, check)) && (!passesTls || takesMeshTls(one, passesTls, policy)),
  );
  const { endpoints, ...placed } = placeEndpoints(checkedAt(asked, check?.port), policy, proxy, {
    prefers: service.prefers,
    ofMesh: rules.settings.written,
    isChecked: check !== undefined,
  });
  return { discovery: discovery(service, endpoints, policy), ...placed };
}

/** A service that is for its own cluster alone has no endpoints elsewhere. */
function inReach(
  endpoints: readonly ServiceEndpoint[],
  { host }: Service,
  { settings }: DestinationRules,
  { clusterId, domainSuffix }: ProxyOptions,
): readonly ServiceEndpoint[] {
  const isHere = ({ labels }: ServiceEndpoint) => (labels[CLUSTER_LABEL] ?? clusterId) === clusterId;
  return !endpoints.every(isHere) && isClusterLocal(host, settings.written.serviceSettings, domainSuffix)
    ? endpoints.filter(isHere)
    : endpoints;
}

/** A subset without labels has all endpoints; one whose labels nobody has stays empty, and Envoy answers 503. */
function chooseEndpoints(
  endpoints: readonly ServiceEndpoint[],
  subset: Subset | undefined,
): readonly ServiceEndpoint[] {
  return endpoints.filter(({ labels }) => selects(subset?.labels, labels));
}

/** istiod's `mtlsChecker`: a policy says it of all endpoints, and else the label that a sidecar's injector writes. */
function takesMeshTls({ labels }: ServiceEndpoint, passesTls: PassesTls, { tls }: EffectivePolicy): boolean {
  return tls?.mode === undefined
    ? passesTls === "toAll" || labels[SIDECAR_LABEL] === HAS_SIDECAR
    : tls.mode === "ISTIO_MUTUAL";
}

/** Where Envoy may ask all when too many fail, it must not know of those that are not ready. */
function asksUnhealthy({ outlierDetection }: EffectivePolicy, check: WrittenCheck | undefined): boolean {
  return (check?.panicPercent ?? outlierDetection?.minHealthPercent ?? 0) > 0;
}

/** On a port of its own, where there are ports. */
function checkedAt(
  endpoints: readonly ServiceEndpoint[],
  healthPort: number | undefined,
): readonly ServiceEndpoint[] {
  return healthPort === undefined
    ? endpoints
    : endpoints.map((endpoint) =>
        endpoint.address.startsWith("unix:") ? endpoint : { ...endpoint, healthPort },
      );
}

function discovery(
  { discovery: kind }: Service,
  endpoints: readonly Endpoint[],
  { loadBalancer }: EffectivePolicy,
): Cluster["discovery"] {
  if (loadBalancer?.simple === "PASSTHROUGH") {
    return { kind: "originalDestination", endpoints: [] };
  }
  return isLookedUp(kind) ? { kind, endpoints: [] } : { kind, endpoints };
}
