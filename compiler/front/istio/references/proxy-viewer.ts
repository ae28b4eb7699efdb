/** References as one proxy follows them: what its rules were lowered against, and what they came upon. */

import type { ProxyOptions } from "../../../options.ts";
import type { ResourceSet } from "../../resources/model.ts";
import type { ClusterUse } from "../../services/cluster-uses.ts";
import { covers } from "../../services/host-names.ts";
import { isOfSubset } from "../../services/known-pods.ts";
import { selects } from "../../services/labels.ts";
import { exposure } from "../../services/visibility.ts";
import type { DanglingDestination } from "../context/dangling-destination.ts";
import type { Environment } from "../context/environment.ts";
import { selectedGateways } from "../context/selected-gateways.ts";
import type { DestinationRules } from "../destination-rules/destination-rules.ts";
import { inOrderOfEffect } from "../rules/virtual-services.ts";
import type { SelectedPods } from "./defined-subsets.ts";
import { type EmptySubset, type GatewayInView, serversInView, type Viewer } from "./viewer.ts";

/** What the lowering leaves of the references in its rules. */
export interface LoweredReferences {
  readonly clusterUses: readonly ClusterUse[];
  readonly danglingDestinations: readonly DanglingDestination[];
}

export function proxyViewer(
  resources: ResourceSet,
  options: ProxyOptions,
  { registry, destinationRules }: Environment,
  { clusterUses, danglingDestinations }: LoweredReferences,
  pods: SelectedPods,
): Viewer {
  return {
    kind: "proxy",
    virtualServices: inOrderOfEffect(resources.virtualServices, options.proxyNamespace),
    destinationRules: resources.destinationRules.filter(
      ({ spec, namespace }) => exposure(spec.exportTo, namespace, options.proxyNamespace) !== undefined,
    ),
    gateways: gatewaysInView(resources, options),
    danglingDestinations: () => danglingDestinations,
    emptySubsets: () => emptySubsets(clusterUses, destinationRules, pods),
    knowsHost: (host) =>
      registry.get(host) !== undefined ||
      registry.known.some((service) => covers(host, service.host) || covers(service.host, host)),
    hosts: () => registry.known.map(({ host }) => host),
    subsetNames: ({ resolved: { service } }) =>
      service === undefined ? [] : destinationRules.subsetNames(service),
  };
}

/** With all its servers: of one that is refused, enough is said with that. */
function gatewaysInView(resources: ResourceSet, options: ProxyOptions): Map<string, GatewayInView> {
  return new Map(
    selectedGateways(resources, options).map((gateway) => [
      `${gateway.namespace}/${gateway.name}`,
      serversInView(gateway),
    ]),
  );
}

/** Not where nobody is known of the whole service. */
function* emptySubsets(
  uses: readonly ClusterUse[],
  rules: DestinationRules,
  pods: SelectedPods,
): Generator<EmptySubset> {
  if (withoutEmptySubsets.has(uses)) {
    return;
  }
  let isFound = false;
  for (const { service, port, subset: name, span } of uses) {
    const labels = name === "" ? undefined : rules.subset(service, name)?.labels;
    const endpoints = service.endpoints.get(port) ?? [];
    if (
      labels !== undefined &&
      endpoints.length > 0 &&
      !endpoints.some((endpoint) => selects(labels, endpoint.labels))
    ) {
      isFound = true;
      const isUnsure = pods.of(service).some((pod) => isOfSubset(pod, labels));
      yield { host: service.host, name, labels, isKnown: true, ...(isUnsure && { isUnsure }), span };
    }
  }
  if (!isFound) {
    withoutEmptySubsets.add(uses);
  }
}

/** Lists in which none was found. Proxies have such a list in common only if they see the same policies (`mesh-rules.ts`). */
const withoutEmptySubsets = new WeakSet<readonly ClusterUse[]>();
