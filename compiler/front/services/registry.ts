/** The services that this proxy sees, by host. */

import type { ProxyOptions } from "../../options.ts";
import type { Resource, ResourceSet } from "../resources/model.ts";
import { HostMap } from "./host-map.ts";
import { KubernetesEndpoints, kubernetesService, serviceExportTo } from "./kubernetes.ts";
import { byAge } from "./order.ts";
import type { Service, ServiceEndpoint } from "./service.ts";
import { entryServices } from "./service-entries.ts";
import { exposure } from "./visibility.ts";
import type { Workloads } from "./workloads.ts";

export class Registry {
  /** In the order in which they were registered. */
  readonly services: readonly Service[];
  readonly #byHost = new HostMap<Service>();
  readonly #aliases = new Map<string, string[]>();

  constructor(services: Iterable<Service>) {
    const byHost = new Map<string, Service>();
    for (const service of services) {
      const known = byHost.get(service.host);
      byHost.set(service.host, known === undefined ? service : merge(known, service));
    }
    this.services = [...byHost.values()];
    for (const service of this.services) {
      this.#byHost.set(service.host, service);
    }
    for (const service of this.services) {
      const target = this.aliasTarget(service);
      if (target !== undefined) {
        this.#aliases.set(target.host, [...(this.#aliases.get(target.host) ?? []), service.host]);
      }
    }
  }

  get(host: string): Service | undefined {
    return this.#byHost.get(host);
  }

  /** The service that another is only a name of, when we know it; it is found by its exact host. */
  aliasTarget({ aliasOf, host }: Service): Service | undefined {
    const target = aliasOf === undefined || aliasOf === host ? undefined : this.get(aliasOf);
    // Not followed further: istiod resolves one step, and a circle would have no end.
    return target?.aliasOf === undefined ? target : undefined;
  }

  /** Other names of a service. */
  aliases({ host }: Service): readonly string[] {
    return this.#aliases.get(host) ?? [];
  }
}

export function buildRegistry(
  resources: ResourceSet,
  workloads: Workloads,
  { proxyNamespace, domainSuffix }: ProxyOptions,
): Registry {
  const endpoints = new KubernetesEndpoints(resources, workloads);
  const entries: {
    resource: Resource<unknown>;
    exportTo: readonly string[] | undefined;
    make: () => Service[];
  }[] = [
    ...resources.services.map((resource) => ({
      resource,
      exportTo: serviceExportTo(resource),
      make: () => [kubernetesService(resource, endpoints, domainSuffix)],
    })),
    ...resources.serviceEntries.map((resource) => ({
      resource,
      exportTo: resource.spec.exportTo,
      make: () => entryServices(resource, workloads),
    })),
  ];
  const seen = entries
    .sort((a, b) => byAge(a.resource, b.resource))
    .map((entry) => ({
      ...entry,
      exposure: exposure(entry.exportTo, entry.resource.namespace, proxyNamespace),
    }));
  // What is exported to this namespace by name comes before what is exported to all.
  const privateFirst = [
    ...seen.filter(({ exposure }) => exposure !== undefined && exposure !== "public"),
    ...seen.filter(({ exposure }) => exposure === "public"),
  ];
  return new Registry(privateFirst.flatMap(({ make }) => make()));
}

/** Two services claim one host: Kubernetes wins over a ServiceEntry, else the first, which like ones may add to. */
function merge(known: Service, later: Service): Service {
  if (known.source !== later.source) {
    return known.source === "kubernetes" ? known : later;
  }
  if (known.namespace !== later.namespace || known.discovery !== later.discovery) {
    return known;
  }
  const ports = new Map(known.ports.map((port) => [port.number, port]));
  const endpoints = new Map(known.endpoints);
  for (const port of later.ports) {
    const mine = ports.get(port.number);
    if (mine === undefined && known.kin === later.kin) {
      ports.set(port.number, port);
    }
    // What is listed is tied to its port by name, as in Kubernetes; names to look up are by number.
    if (mine !== undefined && mine.name !== port.name && known.discovery === "eds") {
      continue;
    }
    // Also of a port that only a third may bring.
    const theirs = later.endpoints.get(port.number) ?? [];
    endpoints.set(port.number, pooled(known.discovery, endpoints.get(port.number) ?? [], theirs));
  }
  return { ...known, ports: [...ports.values()], endpoints };
}

function pooled(
  discovery: Service["discovery"],
  older: readonly ServiceEndpoint[],
  younger: readonly ServiceEndpoint[],
): readonly ServiceEndpoint[] {
  return discovery === "logicalDns" && older.length > 0 ? older : [...older, ...younger];
}
