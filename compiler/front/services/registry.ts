/** The services that this proxy sees, by host. */

import { HostMap } from "./host-map.ts";
import { aliasTarget, mergeServices, type Service } from "./service.ts";

export class Registry {
  /** In the order in which they were registered. */
  readonly services: readonly Service[];
  readonly #byHost = new HostMap<Service>();
  readonly #aliases = new Map<string, string[]>();

  constructor(services: Iterable<Service>) {
    const byHost = new Map<string, Service>();
    for (const service of services) {
      const known = byHost.get(service.host);
      byHost.set(service.host, known === undefined ? service : mergeServices(known, service));
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
  aliasTarget(service: Service): Service | undefined {
    return aliasTarget(service, this);
  }

  /** Other names of a service. */
  aliases({ host }: Service): readonly string[] {
    return this.#aliases.get(host) ?? [];
  }
}
