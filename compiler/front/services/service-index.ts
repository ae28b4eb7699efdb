/** All services of the input, whoever sees them: each is made once, however many namespaces look for it. */

import type { Resource, ResourceSet } from "../resources/model.ts";
import { covers, isWildcard } from "./host-names.ts";
import { KubernetesEndpoints, kubernetesHost, kubernetesService, serviceExportTo } from "./kubernetes.ts";
import { byAge } from "./order.ts";
import { inScope, type Scope } from "./scope.ts";
import { mergeServices, type Service } from "./service.ts";
import { entryServices } from "./service-entries.ts";
import { exposure } from "./visibility.ts";
import type { Workloads } from "./workloads.ts";

/** What one resource declares. */
interface Declaration {
  readonly resource: Resource<unknown>;
  readonly exportTo: readonly string[] | undefined;
  /** In lower case, one for each service. */
  readonly hosts: readonly string[];
  readonly services: () => readonly Service[];
}

/** One of the services of a declaration. */
interface Declared {
  readonly declaration: Declaration;
  readonly index: number;
}

export class ServiceIndex {
  /** The oldest first. */
  readonly #declarations: readonly Declaration[];
  readonly #byHost = new Map<string, Declared[]>();
  readonly #wildcards: readonly string[];

  constructor(resources: ResourceSet, workloads: Workloads, domainSuffix: string) {
    const endpoints = new KubernetesEndpoints(resources, workloads);
    this.#declarations = [
      ...resources.services.map((resource) => ({
        resource,
        exportTo: serviceExportTo(resource),
        hosts: [kubernetesHost(resource, domainSuffix)],
        services: once(() => [kubernetesService(resource, endpoints, domainSuffix)]),
      })),
      ...resources.serviceEntries.map((resource) => ({
        resource,
        exportTo: resource.spec.exportTo,
        hosts: (resource.spec.hosts ?? []).map((host) => host.toLowerCase()),
        services: once(() => entryServices(resource, workloads)),
      })),
    ].sort((a, b) => byAge(a.resource, b.resource));
    for (const declaration of this.#declarations) {
      for (const [index, host] of declaration.hosts.entries()) {
        const known = this.#byHost.get(host);
        if (known === undefined) {
          this.#byHost.set(host, [{ declaration, index }]);
        } else {
          known.push({ declaration, index });
        }
      }
    }
    this.#wildcards = [...this.#byHost.keys()].filter(isWildcard);
  }

  /** Of all services, some of which only their own namespace may see. */
  get hosts(): Iterable<string> {
    return this.#byHost.keys();
  }

  has(host: string): boolean {
    return this.#byHost.has(host);
  }

  /** Of one host there may be several. What is exported to the namespace by name comes before what is exported to all. */
  servicesSeenFrom(
    namespace: string,
    scope: Scope,
    imports: (service: Service) => boolean = () => true,
  ): readonly Service[] {
    const seen = seenFrom(namespace, this.#declarations, (one) => one).flatMap(({ services }) => services());
    return inScope(seen.filter(imports), namespace, scope);
  }

  /** Of exactly this host, which may be a wildcard, as the proxies of a namespace see it; those that it has for itself unless said. */
  find(
    host: string,
    namespace: string,
    scope: Scope = "sidecar",
    imports: (service: Service) => boolean = () => true,
  ): Service | undefined {
    const declared = seenFrom(namespace, this.#byHost.get(host) ?? [], ({ declaration }) => declaration);
    const seen = declared.map(({ declaration, index }) => declaration.services()[index]!);
    const services = inScope(seen.filter(imports), namespace, scope);
    return services.length === 0 ? undefined : services.reduce(mergeServices);
  }

  /** Of exactly this host, or else of the wildcards that cover it. */
  findCovering(host: string, namespace: string): readonly Service[] {
    const exact = this.find(host, namespace);
    if (exact !== undefined) {
      return [exact];
    }
    return this.#wildcards
      .filter((wildcard) => covers(wildcard, host))
      .flatMap((wildcard) => this.find(wildcard, namespace) ?? []);
  }
}

function seenFrom<T>(
  namespace: string,
  all: readonly T[],
  declarationOf: (one: T) => Declaration,
): readonly T[] {
  const byName: T[] = [];
  const open: T[] = [];
  for (const one of all) {
    const { exportTo, resource } = declarationOf(one);
    const seen = exposure(exportTo, resource.namespace, namespace);
    if (seen !== undefined) {
      (seen === "public" ? open : byName).push(one);
    }
  }
  return [...byName, ...open];
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
