/** Subsets that DestinationRules define and whose labels nobody has, whether or not a rule asks for them. */

import type { DestinationRuleSpec, Resource, ResourceSet } from "../../resources/model.ts";
import { resolveHost } from "../../services/host-names.ts";
import { kubernetesHost } from "../../services/kubernetes.ts";
import { type Labels, selects } from "../../services/labels.ts";
import type { Service } from "../../services/service.ts";
import type { ServiceIndex } from "../../services/service-index.ts";
import type { EmptySubset } from "./viewer.ts";

/** Not of hosts whose addresses are only known when somebody asks for them. */
export function* definedEmptySubsets(
  resources: ResourceSet,
  index: ServiceIndex,
  { domainSuffix }: { readonly domainSuffix: string },
): Generator<EmptySubset> {
  const pods = new SelectedPods(resources, domainSuffix);
  for (const rule of resources.destinationRules) {
    const host = resolveHost(rule.spec.host, rule.namespace, domainSuffix);
    const services = index.findCovering(host, rule.namespace);
    if (services.length > 0 && !services.some(isOpen)) {
      yield* emptySubsetsOf(rule, host, services, pods);
    }
  }
}

function* emptySubsetsOf(
  rule: Resource<DestinationRuleSpec>,
  host: string,
  services: readonly Service[],
  pods: SelectedPods,
): Generator<EmptySubset> {
  for (const [i, { name, labels = {} }] of (rule.spec.subsets ?? []).entries()) {
    if (Object.keys(labels).length === 0) {
      continue;
    }
    const found = services.some((service) => hasEndpoint(service, labels) || pods.some(service, labels));
    if (!found || hasEmptyTopology(labels)) {
      yield { host, name, labels, span: rule.spanOf(["spec", "subsets", i, "labels"]) };
    }
  }
}

/** Subsets of such a ServiceEntry go wherever the request goes. */
function isOpen({ discovery }: Service): boolean {
  return discovery === "originalDestination" || discovery === "byAuthority";
}

const TOPOLOGY = "topology.";

/** A region, say, that is empty is no region. */
function hasEmptyTopology(labels: Labels): boolean {
  return Object.entries(labels).some(([key, value]) => key.startsWith(TOPOLOGY) && value === "");
}

function hasEndpoint({ endpoints }: Service, labels: Labels): boolean {
  return [...endpoints.values()].flat().some((endpoint) => selects(labels, endpoint.labels));
}

/** Pods behind the Services of Kubernetes: their EndpointSlices are seldom kept beside rules. */
class SelectedPods {
  readonly #resources: ResourceSet;
  readonly #selectors: ReadonlyMap<string, Labels>;

  constructor(resources: ResourceSet, domainSuffix: string) {
    this.#resources = resources;
    this.#selectors = new Map(
      resources.services.map((service) => [
        kubernetesHost(service, domainSuffix),
        service.spec.selector ?? {},
      ]),
    );
  }

  some({ host, namespace, source }: Service, labels: Labels): boolean {
    const selector = source === "kubernetes" ? this.#selectors.get(host) : undefined;
    return (
      selector !== undefined &&
      Object.keys(selector).length > 0 &&
      this.#resources.pods.some(
        (pod) =>
          pod.namespace === namespace &&
          selects(selector, pod.labels) &&
          selects(labels, { ...this.#topologyOf(pod.spec.spec?.nodeName), ...pod.labels }),
      )
    );
  }

  /** Where the Pods of a node stand. */
  #topologyOf(nodeName: string | undefined): Labels {
    const node = this.#resources.nodes.find(({ name }) => name === nodeName);
    return Object.fromEntries(Object.entries(node?.labels ?? {}).filter(([key]) => key.startsWith(TOPOLOGY)));
  }
}
