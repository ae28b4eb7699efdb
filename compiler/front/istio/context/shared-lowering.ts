/**
 * What lowerings of one mesh have in common, whichever proxies they are for. A fleet is compiled for many: each of them sees most
 * of the mesh as the others do, so that what is made for one is the same object for the next, down to bytes that are encoded once.
 * Everything here is found again by all that it was made of; nothing depends on the order in which proxies come.
 */

import type { Cluster, Omission, Route, VirtualHost } from "../../../ir/ir.ts";
import { areSame } from "../../../lists/list-change.ts";
import type { ProxyOptions } from "../../../options.ts";
import type { ResourceSet } from "../../resources/model.ts";
import type { ClusterUse, PassesTls } from "../../services/cluster-uses.ts";
import { DEFAULT_MESH_SETTINGS, type MeshSettings } from "../../services/mesh-settings.ts";
import { Registry } from "../../services/registry.ts";
import type { Service } from "../../services/service.ts";
import { ServiceIndex } from "../../services/service-index.ts";
import { Workloads } from "../../services/workloads.ts";
import { DestinationRuleIndex, type MergedRule } from "../destination-rules/destination-rules.ts";
import type { Effects } from "./effects.ts";
import type { DocumentPlace, LoweredRoutes } from "./lowered-routes.ts";
import type { Site } from "./site.ts";

/** The options that are alike for all proxies of a mesh, whatever it is told of each of them. */
type MeshOptions = Pick<ProxyOptions, "domainSuffix" | "clusterId" | "network">;

function isSameMesh(one: MeshOptions, other: MeshOptions): boolean {
  return (
    one.domainSuffix === other.domainSuffix &&
    one.clusterId === other.clusterId &&
    one.network === other.network
  );
}

/** Of one mesh, as all proxies have it. */
export interface MeshBase {
  readonly workloads: Workloads;
  readonly services: ServiceIndex;
  readonly destinationRules: DestinationRuleIndex;
}

/** Routes of a VirtualService that depend on nothing of a proxy but what it sees of the destinations. */
export interface SharedRoutes {
  readonly base: MeshBase;
  readonly site: Site;
  readonly sources: readonly DocumentPlace[];
  /** For each host that the rules lead to: what is found there. */
  readonly seen: readonly unknown[];
  readonly lowered: LoweredRoutes;
}

/** A part of a service under one policy. */
export interface SharedCluster {
  readonly port: number;
  readonly subset: string;
  readonly atEdge: boolean;
  readonly passesTls: PassesTls | undefined;
  readonly rule: MergedRule | undefined;
  readonly cluster: Cluster;
}

/** All clusters of some uses. */
export interface SharedClusters {
  /** How many there are besides. */
  readonly passthrough: number;
  readonly clusters: readonly Cluster[];
}

export interface SharedDefault {
  readonly port: number;
  readonly rule: MergedRule | undefined;
  readonly routes: readonly Route[];
}

/** A host of the mesh, on one of its ports. */
export interface RuledHost {
  readonly host: string;
  readonly routes: readonly Route[];
  /** Rules that left no route. */
  readonly omitted: readonly Omission[];
  /** Absent for a host that only a VirtualService names. */
  readonly service?: Service;
}

/** What the mesh answers for each of its hosts, by whatever names a proxy knows them. */
export interface MeshRules {
  /** Ports that some service speaks HTTP on, in their order. */
  readonly httpPorts: readonly number[];
  /** By port, in the order in which rules are heard. */
  readonly hosts: ReadonlyMap<number, readonly RuledHost[]>;
  readonly effects: Effects;
}

/** The names by which a service of the mesh may be asked for. */
export interface ServiceDomains {
  readonly domains: readonly string[];
  /** Those of them that are short for something: a service whose very host is one of them keeps it. */
  readonly short: ReadonlySet<string>;
}

interface KnownDomains {
  readonly registry: Registry;
  readonly domains: ServiceDomains;
}

/** How many different views of the services are kept. */
const REGISTRIES = 8;
/** Those of the rules before, and those of proxies that see other rules. */
const MESH_RULES = 4;

export class SharedLowering {
  /** Nothing is kept from a mesh with other settings. */
  readonly settings: MeshSettings;
  #last: { readonly base: MeshBase; readonly madeOf: readonly unknown[] } | undefined;
  #known: { readonly resources: ResourceSet; readonly options: MeshOptions } | undefined;
  #registries: { readonly lists: readonly (readonly Service[])[]; readonly registry: Registry }[] = [];
  #meshRules: { readonly madeOf: readonly unknown[]; readonly rules: MeshRules }[] = [];
  readonly #domains = new WeakMap<Service, Map<string, KnownDomains>>();
  readonly #explicit = new WeakMap<readonly string[], Map<string, readonly string[]>>();
  readonly #catchAlls = new Map<string, VirtualHost>();
  /** By the document that has the hosts. */
  readonly routes = new WeakMap<object, SharedRoutes[]>();
  readonly clusters = new WeakMap<Service, SharedCluster[]>();
  /** By their uses: those of mesh rules that many proxies have in common, whose policies are the same for all of them. */
  readonly clusterLists = new WeakMap<readonly ClusterUse[], SharedClusters>();
  readonly defaults = new WeakMap<Service, SharedDefault[]>();

  constructor(settings = DEFAULT_MESH_SETTINGS) {
    this.settings = settings;
  }

  /** The same object as the last time when nothing that it is made of has changed. */
  baseOf(resources: ResourceSet, options: MeshOptions): MeshBase {
    const { domainSuffix } = options;
    if (this.#known?.resources === resources && isSameMesh(this.#known.options, options)) {
      return this.#last!.base;
    }
    const madeOf = ingredients(resources, options);
    if (this.#last === undefined || !areSame(this.#last.madeOf, madeOf)) {
      const workloads = new Workloads(resources, options);
      const services = new ServiceIndex(resources, workloads, domainSuffix);
      const destinationRules = new DestinationRuleIndex(
        resources.destinationRules,
        domainSuffix,
        this.settings,
      );
      this.#last = { base: { workloads, services, destinationRules }, madeOf };
      this.#registries = [];
      this.#meshRules = [];
    }
    this.#known = { resources, options };
    return this.#last.base;
  }

  /** What takes every other host, and sends to this cluster, if any, what is not for these ports of the proxy itself. */
  catchAllOf(
    cluster: string | undefined,
    ownPorts: readonly number[],
    make: (cluster: string | undefined, ownPorts: readonly number[]) => VirtualHost,
  ): VirtualHost {
    const key = [cluster ?? "", ...ownPorts].join(" ");
    const known = this.#catchAlls.get(key) ?? make(cluster, ownPorts);
    this.#catchAlls.set(key, known);
    return known;
  }

  /** The names of a service, for whoever is in `namespace`; empty: for all who are elsewhere. */
  domainsOf(
    service: Service,
    registry: Registry,
    namespace: string,
    make: () => ServiceDomains,
  ): ServiceDomains {
    const all = this.#domains.get(service) ?? new Map<string, KnownDomains>();
    this.#domains.set(service, all);
    const known = all.get(namespace);
    if (known?.registry === registry) {
      return known.domains;
    }
    const domains = make();
    all.set(namespace, { registry, domains });
    return domains;
  }

  /** The same with the port that they are asked on, for a listener of all ports, and without it where that is clear. */
  explicitDomains(domains: readonly string[], port: number, withoutPort: boolean): readonly string[] {
    const all = this.#explicit.get(domains) ?? new Map<string, readonly string[]>();
    this.#explicit.set(domains, all);
    const key = `${port} ${withoutPort}`;
    const known =
      all.get(key) ?? domains.flatMap((domain) => [`${domain}:${port}`, ...(withoutPort ? [domain] : [])]);
    all.set(key, known);
    return known;
  }

  /** What was made of the same things, for whichever proxy. `isForAll`: whether another one may have what is made now. */
  meshRulesOf(
    madeOf: readonly unknown[],
    make: () => { readonly rules: MeshRules; readonly isForAll: boolean },
  ): MeshRules {
    const known = this.#meshRules.find((one) => areSame(one.madeOf, madeOf));
    if (known !== undefined) {
      return known.rules;
    }
    const { rules, isForAll } = make();
    if (isForAll) {
      this.#meshRules = [{ madeOf, rules }, ...this.#meshRules].slice(0, MESH_RULES);
    }
    return rules;
  }

  /** One registry for all who see the same services. */
  registryOf(...lists: readonly (readonly Service[])[]): Registry {
    const known = this.#registries.find(
      (one) => one.lists.length === lists.length && one.lists.every((list, i) => areSame(list, lists[i]!)),
    );
    if (known !== undefined) {
      return known.registry;
    }
    const registry = new Registry(lists[0]!, lists[1]);
    this.#registries = [{ lists, registry }, ...this.#registries].slice(0, REGISTRIES);
    return registry;
  }
}

/**
 * All that a base is made of, and the texts it stands in: when those change, so do the places that findings name. Two lists
 * with the same items make the same.
 */
function ingredients(
  resources: ResourceSet,
  { domainSuffix, clusterId, network }: MeshOptions,
): readonly unknown[] {
  const lists = [
    resources.services,
    resources.endpointSlices,
    resources.endpoints,
    resources.pods,
    resources.nodes,
    resources.podMakers,
    resources.workloadEntries,
    resources.serviceEntries,
    resources.destinationRules,
  ];
  return [
    domainSuffix,
    clusterId,
    network,
    ...lists.flatMap((list) => [
      list.length,
      ...list.flatMap(({ document, span, offset }) => [document, span.file, offset]),
    ]),
  ];
}
