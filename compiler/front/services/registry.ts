/** The services that this proxy sees, by host, and those that its rules may lead to besides. */

import { HostMap } from "./host-map.ts";
import { aliasTarget, mergeServices, type Service } from "./service.ts";

export class Registry {
  /** Those with hosts of their own, in the order in which they were registered. */
  readonly services: readonly Service[];
  /** All that a rule can name. */
  readonly known: readonly Service[];
  readonly #byHost = new HostMap<Service>();
  readonly #aliases = new Map<string, string[]>();

  readonly #served = new Set<string>();

  /** `others`: nobody is served by their names, but rules may name them. Where both have a host, `services` counts. */
  constructor(services: Iterable<Service>, others: Iterable<Service> = []) {
    this.services = mergedByHost(services);
    for (const service of [...mergedByHost(others), ...this.services]) {
      this.#byHost.set(service.host, service);
    }
    for (const { host } of this.services) {
      this.#served.add(host);
    }
    this.known = [...this.services, ...mergedByHost(others).filter(({ host }) => !this.#served.has(host))];
    for (const service of this.services) {
      const target = this.aliasTarget(service);
      if (target !== undefined) {
        this.#aliases.set(target.host, [...(this.#aliases.get(target.host) ?? []), service.host]);
      }
    }
  }

  /** Where a rule leads that names this host. */
  get(host: string): Service | undefined {
    return this.#byHost.get(host);
  }

  /** Whether a service of this host has it for its own. */
  serves(host: string): boolean {
    return this.#served.has(host);
  }

  /** The service that another is only a name of, when we know it; it is found by its exact host. */
  aliasTarget(service: Service): Service | undefined {
    return aliasTarget(service, this);
  }

  /** Other names of a service. */
  aliases({ host }: Service): readonly string[] {
    return this.#aliases.get(host) ?? [];
  }
}

function mergedByHost(services: Iterable<Service>): Service[] {
  const byHost = new Map<string, Service>();
  for (const service of services) {
    const known = byHost.get(service.host);
    byHost.set(service.host, known === undefined ? service : mergeServices(known, service));
  }
  return [...byHost.values()];
}
