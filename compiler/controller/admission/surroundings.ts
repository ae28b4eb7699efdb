/**
 * What a change to an object can concern. A review that looked at a whole mesh would take as long as `sluice check`; one that looks
 * at what shares names with the object says the same, and costs what those cost (`surroundings.test.ts` holds the two against
 * each other).
 */

import { nearest } from "../../diagnostics/nearest.ts";
import { readsClaims } from "../../front/resources/claims-read.ts";
import type {
  Resource,
  ResourceSet,
  WorkloadEntrySpec,
  WorkloadGroupSpec,
} from "../../front/resources/model.ts";
import { textsOf } from "../../front/resources/unchecked-fields.ts";
import { covers, isWildcard } from "../../front/services/host-names.ts";
import { type Labels, selects } from "../../front/services/labels.ts";
import { templatesOf } from "../../front/services/workload-groups.ts";
import { hostOfEndpoints, type Names, NO_NAMES, namesOf } from "./names.ts";

type AnyResource = Resource<unknown>;

/** Of what a change may concern: a Gateway can have thousands of rules, and nobody reads more warnings. */
const MOST_CONCERNED = 50;
/** Of an object that names thousands, each of which is looked for. */
const MOST_NAMES = 1000;
/** Each is compared with all that are known. */
const MOST_MISSPELT = 10;

/** Kinds that mean something by which Gateways a proxy has. */
const OF_A_PROXY: ReadonlySet<string> = new Set([
  "Gateway",
  "Sidecar",
  "RequestAuthentication",
  "ProxyConfig",
]);

export interface Surrounding {
  /** What may be right or wrong by the change. */
  readonly concerned: ReadonlySet<AnyResource>;
  /** These, and all that is needed to tell. */
  readonly resources: ReadonlySet<AnyResource>;
}

export class Surroundings {
  readonly #resources: ResourceSet;
  readonly #domainSuffix: string;
  readonly #byHost = new Map<string, AnyResource[]>();
  readonly #wildcards: string[] = [];
  readonly #byVirtualService = new Map<string, AnyResource[]>();
  readonly #byGateway = new Map<string, AnyResource[]>();
  readonly #endpointsByHost = new Map<string, AnyResource[]>();
  readonly #byIdentity = new Map<string, AnyResource>();
  readonly #refused: ReadonlySet<AnyResource>;
  readonly #byTemplate: ReturnType<typeof templatesOf>;

  constructor(resources: ResourceSet, domainSuffix: string) {
    this.#resources = resources;
    this.#domainSuffix = domainSuffix;
    this.#refused = new Set(resources.refused);
    const { virtualServices, destinationRules, serviceEntries, services, gateways } = resources;
    for (const list of [virtualServices, destinationRules, serviceEntries, services, gateways]) {
      for (const resource of list as readonly AnyResource[]) {
        this.#index(resource);
        this.#byIdentity.set(identityOf(resource), resource);
      }
    }
    const { workloadEntries, workloadGroups, sidecars, proxyConfigs, requestAuthentications } = resources;
    this.#byTemplate = templatesOf(workloadGroups);
    for (const resource of [
      ...workloadEntries,
      ...workloadGroups,
      ...sidecars,
      ...proxyConfigs,
      ...requestAuthentications,
      ...resources.refused,
    ]) {
      this.#byIdentity.set(identityOf(resource), resource);
    }
    for (const endpoints of [...resources.endpointSlices, ...resources.endpoints]) {
      add(this.#endpointsByHost, hostOfEndpoints(endpoints, domainSuffix), endpoints);
    }
    this.#wildcards.push(...[...this.#byHost.keys()].filter(isWildcard));
  }

  /** The object of rules or services that has this kind, namespace and name. */
  find(object: Pick<AnyResource, "kind" | "namespace" | "name">): AnyResource | undefined {
    return this.#byIdentity.get(identityOf(object));
  }

  /** Of an object as it is and as it is to be, each of which may be missing. */
  of(versions: readonly AnyResource[]): Surrounding {
    const { gateways, workloadGroups, sidecars, proxyConfigs, requestAuthentications, neighbours, refused } =
      this.#resources;
    const all = new Set<AnyResource>(versions);
    for (const version of versions) {
      this.#addConcerned(all, version);
    }
    if (versions.some(isGateway)) {
      // Servers of two may be in each other's way.
      addAll(all, gateways);
    }
    const concerned = new Set([...all].slice(0, MOST_CONCERNED));
    const resources = new Set<AnyResource>([
      ...concerned,
      ...workloadGroups,
      ...sidecars,
      ...proxyConfigs,
      ...requestAuthentications,
      ...neighbours,
      ...refused,
    ]);
    for (const one of concerned) {
      this.#addNamed(resources, one);
    }
    for (const version of versions) {
      this.#addNamesakes(resources, version);
    }
    if (versions.some(({ kind }) => OF_A_PROXY.has(kind))) {
      addAll(resources, gateways);
      addAll(resources, this.#resources.secrets);
    }
    for (const one of [...resources]) {
      this.#addEndpoints(resources, one);
    }
    return { concerned, resources };
  }

  #index(resource: AnyResource): void {
    const { hosts, virtualServices, gateways } = this.#namesOf(resource);
    for (const host of new Set(hosts)) {
      add(this.#byHost, host, resource);
    }
    for (const name of new Set(virtualServices)) {
      add(this.#byVirtualService, name, resource);
    }
    for (const name of new Set(gateways)) {
      add(this.#byGateway, name, resource);
    }
  }

  /** What has a name in common with it. That rules are for the same Gateway concerns neither of them. */
  #addConcerned(concerned: Set<AnyResource>, version: AnyResource): void {
    const { hosts, virtualServices, gateways } = this.#namesOf(version);
    for (const host of hosts.slice(0, MOST_NAMES)) {
      for (const related of this.#hostsLike(host)) {
        addAll(concerned, this.#byHost.get(related));
      }
    }
    for (const name of virtualServices) {
      addAll(concerned, this.#byVirtualService.get(name));
    }
    switch (version.kind) {
      case "WorkloadEntry":
        this.#addServices(concerned, version, this.#labelsOf(version));
        break;
      case "WorkloadGroup":
        this.#addOfGroup(concerned, version as Resource<WorkloadGroupSpec>);
        break;
      case "Gateway":
        for (const name of gateways) {
          addAll(concerned, this.#byGateway.get(name));
        }
        break;
      case "Service":
        addAll(concerned, this.#gatewaysBehind(version));
        break;
      case "RequestAuthentication":
        this.#addClaimReaders(concerned);
        break;
      case "ProxyConfig":
        // Which of them holds, and whether TCP ports are told apart by the names that were looked up.
        addAll(concerned, this.#resources.proxyConfigs);
        addAll(concerned, this.#resources.serviceEntries);
        break;
    }
  }

  #addServices(concerned: Set<AnyResource>, workload: AnyResource, labels: Labels): void {
    for (const service of this.#servicesOf(workload, labels)) {
      this.#addConcerned(concerned, service);
    }
  }

  /** The entries of a group, and the services that have them for endpoints, with this version of it and without it. */
  #addOfGroup(concerned: Set<AnyResource>, group: Resource<WorkloadGroupSpec>): void {
    const byTemplate = templatesOf([group]);
    for (const entry of this.#resources.workloadEntries) {
      const made = byTemplate(entry);
      if (made !== entry) {
        concerned.add(entry);
        this.#addServices(concerned, entry, labelsIn(entry));
        this.#addServices(concerned, entry, labelsIn(made));
      }
    }
  }

  /** What asks for claims, which are there where a token is verified; with those that delegate to it, whose Gateways say where. */
  #addClaimReaders(concerned: Set<AnyResource>): void {
    for (const one of this.#resources.virtualServices.filter(readsClaims)) {
      concerned.add(one);
      addAll(concerned, this.#byVirtualService.get(`${one.namespace}/${one.name}`));
    }
  }

  /** Those whose Pods are reached by this service: the ports of its Gateway are the service's. */
  #gatewaysBehind(service: AnyResource): AnyResource[] {
    const { pods, gateways } = this.#resources;
    const own = pods.filter((pod) => isOf(pod, service));
    return (gateways as readonly AnyResource[]).filter((gateway) => {
      const selector = selectorOf(gateway);
      return selector !== undefined && own.some((pod) => selects(selector, pod.labels));
    });
  }

  /** What it names: without that, it would seem to lead nowhere. */
  #addNamed(resources: Set<AnyResource>, one: AnyResource): void {
    const { hosts, virtualServices, gateways } = this.#namesOf(one);
    for (const host of hosts.slice(0, MOST_NAMES)) {
      for (const related of this.#hostsLike(host)) {
        const all = this.#byHost.get(related) ?? [];
        addAll(
          resources,
          all.filter(({ kind }) => kind !== "VirtualService"),
        );
      }
    }
    for (const name of virtualServices) {
      addAll(resources, this.#byVirtualService.get(name));
    }
    for (const name of gateways) {
      const all = this.#byGateway.get(name) ?? [];
      addAll(resources, all.filter(isGateway));
    }
  }

  /** Who misspells a host or a Gateway is told the one that was meant. */
  #addNamesakes(resources: Set<AnyResource>, version: AnyResource): void {
    const { hosts, gateways } = this.#namesOf(version);
    const plain = hosts.filter((host) => !isWildcard(host));
    this.#addNearest(resources, plain, this.#byHost, isService);
    this.#addNearest(resources, gateways, this.#byGateway, isGateway);
  }

  #addNearest(
    resources: Set<AnyResource>,
    names: readonly string[],
    index: ReadonlyMap<string, readonly AnyResource[]>,
    isMeant: (one: AnyResource) => boolean,
  ): void {
    const isKnown = (name: string) => index.get(name)?.some(isMeant) === true;
    const unknown = names.filter((name) => !isKnown(name)).slice(0, MOST_MISSPELT);
    const known = unknown.length === 0 ? [] : [...index.keys()].filter(isKnown);
    for (const name of unknown) {
      const near = nearest(name, known);
      addAll(resources, near === undefined ? [] : index.get(near)?.filter(isMeant));
    }
  }

  /** The host itself, and whatever covers it or is covered by it. */
  #hostsLike(host: string): readonly string[] {
    if (isWildcard(host)) {
      return [...this.#byHost.keys()].filter((other) => covers(host, other) || covers(other, host));
    }
    return [host, ...this.#wildcards.filter((wildcard) => covers(wildcard, host))];
  }

  #addEndpoints(resources: Set<AnyResource>, one: AnyResource): void {
    const { pods, podMakers, workloadEntries, services } = this.#resources;
    const { kind, namespace, spec } = one;
    const isHere = (other: AnyResource) => other.namespace === namespace;
    if (kind === "Service") {
      for (const host of this.#namesOf(one).hosts) {
        addAll(resources, this.#endpointsByHost.get(host));
      }
    }
    const selector = selectorOf(one);
    if (selector !== undefined) {
      // Those of a Gateway may be anywhere.
      const isMeant = kind === "Gateway" ? () => true : isHere;
      for (const workload of [...pods, ...workloadEntries]) {
        if (isMeant(workload) && selects(selector, this.#labelsOf(workload))) {
          resources.add(workload);
        }
      }
      addAll(resources, podMakers.filter(isMeant));
    }
    if (kind === "Gateway") {
      const labels = textsOf(spec, "selector");
      const own = pods.filter((pod) => selector !== undefined && selects(selector, pod.labels));
      addAll(
        resources,
        services.filter(
          (service) =>
            Object.entries(textsOf(service.spec, "selector")).some(([k, v]) => labels[k] === v) ||
            own.some((pod) => isOf(pod, service)),
        ),
      );
    }
  }

  /** The services that have this workload for an endpoint. */
  #servicesOf(workload: AnyResource, labels: Labels): AnyResource[] {
    const { serviceEntries, services } = this.#resources;
    return [...serviceEntries, ...services].filter((service: AnyResource) => isOf(workload, service, labels));
  }

  /** Of a WorkloadEntry those in its `spec`, and those of its group, too. */
  #labelsOf(workload: AnyResource): Labels {
    if (workload.kind !== "WorkloadEntry" || this.#refused.has(workload)) {
      return workload.labels;
    }
    return labelsIn(this.#byTemplate(workload as Resource<WorkloadEntrySpec>));
  }

  /** What its schema refused may hold anything. */
  #namesOf(resource: AnyResource): Names {
    return this.#refused.has(resource) ? NO_NAMES : namesOf(resource, this.#domainSuffix);
  }
}

function labelsIn({ labels, spec }: Resource<WorkloadEntrySpec>): Labels {
  return { ...spec.labels, ...labels };
}

function isService({ kind }: AnyResource): boolean {
  return kind === "Service" || kind === "ServiceEntry";
}

function isGateway({ kind }: AnyResource): boolean {
  return kind === "Gateway";
}

function identityOf({ kind, namespace, name }: Pick<AnyResource, "kind" | "namespace" | "name">): string {
  return `${kind} ${namespace}/${name}`;
}

function selectorOf({ kind, spec }: AnyResource): Labels | undefined {
  const selector =
    kind === "ServiceEntry"
      ? textsOf(spec, "workloadSelector", "labels")
      : kind === "Service" || kind === "Gateway"
        ? textsOf(spec, "selector")
        : {};
  return Object.keys(selector).length === 0 ? undefined : selector;
}

/** Whether a service has this Pod, or this WorkloadEntry, for an endpoint. */
function isOf(workload: AnyResource, service: AnyResource, labels: Labels = workload.labels): boolean {
  const selector = service.namespace === workload.namespace ? selectorOf(service) : undefined;
  return selector !== undefined && selects(selector, labels);
}

function add(index: Map<string, AnyResource[]>, key: string | undefined, resource: AnyResource): void {
  if (key === undefined) {
    return;
  }
  const known = index.get(key);
  if (known === undefined) {
    index.set(key, [resource]);
  } else {
    known.push(resource);
  }
}

function addAll(set: Set<AnyResource>, resources: Iterable<AnyResource> | undefined): void {
  for (const resource of resources ?? []) {
    set.add(resource);
  }
}
