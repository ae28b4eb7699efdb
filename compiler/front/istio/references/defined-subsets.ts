/** Subsets that DestinationRules define and whose labels nobody has, whether or not a rule asks for them. */

import type { DestinationRuleSpec, Resource, ResourceSet } from "../../resources/model.ts";
import { resolveHost } from "../../services/host-names.ts";
import { isOfSubset, type KnownPod } from "../../services/known-pods.ts";
import { kubernetesHost } from "../../services/kubernetes.ts";
import { type Labels, selects } from "../../services/labels.ts";
import type { Service } from "../../services/service.ts";
import type { ServiceIndex } from "../../services/service-index.ts";
import type { EmptySubset } from "./viewer.ts";

/** Not of hosts whose addresses are only known when somebody asks for them. */
export function* definedEmptySubsets(
  resources: ResourceSet,
  index: ServiceIndex,
  pods: SelectedPods,
  { domainSuffix }: { readonly domainSuffix: string },
): Generator<EmptySubset> {
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
  const known = services.flatMap((service) => pods.of(service));
  const isKnown =
    known.length > 0 ||
    services.some(({ endpoints }) => [...endpoints.values()].some((list) => list.length > 0));
  for (const [i, { name, labels = {} }] of (rule.spec.subsets ?? []).entries()) {
    if (Object.keys(labels).length === 0) {
      continue;
    }
    const found =
      services.some((service) => hasEndpoint(service, labels)) ||
      known.some((pod) => isOfSubset(pod, labels));
    if (!found || hasEmptyTopology(labels)) {
      yield { host, name, labels, isKnown, span: rule.spanOf(["spec", "subsets", i, "labels"]) };
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

/** Pods behind the services of the input: their EndpointSlices are seldom kept beside rules. Put in order when somebody asks. */
export class SelectedPods {
  readonly #resources: ResourceSet;
  readonly #pods: readonly KnownPod[];
  readonly #domainSuffix: string;
  #byNamespace: ReadonlyMap<string, readonly KnownPod[]> | undefined;
  #selectors: ReadonlyMap<string, Labels> | undefined;

  constructor(resources: ResourceSet, pods: readonly KnownPod[], domainSuffix: string) {
    this.#resources = resources;
    this.#pods = pods;
    this.#domainSuffix = domainSuffix;
  }

  of({ host, namespace }: Service): readonly KnownPod[] {
    this.#selectors ??= selectorsIn(this.#resources, this.#domainSuffix);
    this.#byNamespace ??= byNamespace(this.#pods);
    const selector = this.#selectors.get(`${namespace}/${host}`);
    return selector === undefined || Object.keys(selector).length === 0
      ? []
      : (this.#byNamespace.get(namespace) ?? []).filter(({ labels }) => selects(selector, labels));
  }
}

function byNamespace(pods: readonly KnownPod[]): ReadonlyMap<string, readonly KnownPod[]> {
  const all = new Map<string, KnownPod[]>();
  for (const pod of pods) {
    const known = all.get(pod.namespace);
    if (known === undefined) {
      all.set(pod.namespace, [pod]);
    } else {
      known.push(pod);
    }
  }
  return all;
}

/** By namespace and host. */
function selectorsIn(
  { services, serviceEntries }: ResourceSet,
  domainSuffix: string,
): ReadonlyMap<string, Labels> {
  return new Map([
    ...serviceEntries.flatMap(({ spec, namespace }) =>
      (spec.hosts ?? []).map(
        (host) => [`${namespace}/${host.toLowerCase()}`, spec.workloadSelector?.labels ?? {}] as const,
      ),
    ),
    ...services.map(
      (service) =>
        [
          `${service.namespace}/${kubernetesHost(service, domainSuffix)}`,
          service.spec.selector ?? {},
        ] as const,
    ),
  ]);
}
