/** What the mesh answers on one port: which VirtualService rules each host, and what the others get by default. */

import type { Omission, Route } from "../../../ir/ir.ts";
import { DEFAULT_RETRY } from "../../../ir/route-class.ts";
import { clusterName, clusterUse } from "../../services/cluster-uses.ts";
import { HostMap } from "../../services/host-map.ts";
import { covers, isWildcard } from "../../services/host-names.ts";
import { isHttp, type Service } from "../../services/service.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import { MESH } from "../rules/gateway-names.ts";
import { serviceHash } from "../rules/hash-keys.ts";
import { lowerHttpRoutes } from "../rules/http-routes.ts";
import type { VirtualService } from "../rules/virtual-services.ts";
import { serviceDomains } from "./service-domains.ts";

/** The port on which rules for hosts that are no services apply. */
export const HTTP_PORT = 80;

export interface MeshHost {
  readonly host: string;
  /** Without ports. */
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
  /** Rules that left no route. */
  readonly omitted: readonly Omission[];
  /** Absent for a host that only a VirtualService names. */
  readonly service?: Service;
}

export class MeshHosts {
  readonly #virtualServices: readonly VirtualService[];
  readonly #lowering: GatheringContext;
  /** The oldest VirtualService for each host. */
  readonly #owners = new HostMap<VirtualService>();
  readonly #servicesByPort = new Map<number, Service[]>();

  constructor(virtualServices: readonly VirtualService[], lowering: GatheringContext) {
    this.#virtualServices = virtualServices.filter(({ gateways }) => gateways.includes(MESH));
    this.#lowering = lowering;
    for (const virtualService of this.#virtualServices) {
      for (const host of virtualService.hosts) {
        if (this.#owners.get(host) === undefined) {
          this.#owners.set(host, virtualService);
        }
      }
    }
    for (const service of lowering.registry.services) {
      for (const port of [...service.ports, ...(service.unservedPorts ?? [])]) {
        const known = this.#servicesByPort.get(port.number);
        if (known === undefined) {
          this.#servicesByPort.set(port.number, [service]);
        } else if (!known.includes(service)) {
          known.push(service);
        }
      }
    }
  }

  /** Ports that some service speaks HTTP on. */
  httpPorts(): number[] {
    return [...this.#servicesByPort]
      .filter(([port, services]) => services.some((service) => httpPort(service, port)))
      .map(([port]) => port)
      .sort((a, b) => a - b);
  }

  /** The first of two that claim a name keeps it; what is left without names is left out. */
  onPort(port: number): MeshHost[] {
    const candidates = this.#candidates(port);
    const known = new Set(candidates.flatMap(({ service }) => (service === undefined ? [] : [service.host])));
    const hosts = new Set<string>();
    const taken = new Set<string>();
    const result: MeshHost[] = [];
    for (const { short, ...candidate } of candidates) {
      if (hosts.has(candidate.host)) {
        continue;
      }
      hosts.add(candidate.host);
      const isFree = (domain: string) => !taken.has(domain) && !(short.has(domain) && known.has(domain));
      // The same object for all proxies that know a service by the same names.
      const domains = candidate.domains.every(isFree) ? candidate.domains : candidate.domains.filter(isFree);
      for (const domain of domains) {
        taken.add(domain);
      }
      if (domains.length > 0) {
        result.push({ ...candidate, domains });
      }
    }
    return result;
  }

  /** Hosts with rules in the order of their VirtualServices, then the services without any. */
  #candidates(port: number): (MeshHost & { readonly short: ReadonlySet<string> })[] {
    const services = new Map(
      (this.#servicesByPort.get(port) ?? []).map((service) => [service.host, service]),
    );
    const ruled = new Set<Service>();
    const result: (MeshHost & { readonly short: ReadonlySet<string> })[] = [];
    for (const virtualService of this.#relevant(port, services)) {
      const { matched, others } = this.#split(virtualService, services);
      const served = matched.filter((service) => httpPort(service, port));
      // istiod's exception: hosts that are no services are served on port 80, and elsewhere only beside one that is.
      if (served.length === 0 && port !== HTTP_PORT) {
        continue;
      }
      const site = { gateway: MESH, port, speculative: !served.some((service) => hasPort(service, port)) };
      const { routes, omitted, effects } = lowerHttpRoutes(virtualService, site, this.#lowering);
      this.#lowering.effects.add(effects);
      this.#lowering.onLowered?.();
      if (routes.length === 0) {
        continue;
      }
      for (const host of others) {
        result.push({ host, domains: [host], routes, omitted, short: new Set() });
      }
      for (const service of served) {
        ruled.add(service);
        const { domains, short } = this.#domains(service);
        result.push({ host: service.host, domains, short, routes, omitted, service });
      }
    }
    for (const service of services.values()) {
      // An alias has no host of its own: its names are among those of what it stands for.
      const alias = this.#lowering.registry.aliasTarget(service) !== undefined;
      if (!ruled.has(service) && !alias && httpPort(service, port)) {
        const { domains, short } = this.#domains(service);
        result.push({
          host: service.host,
          domains,
          short,
          routes: this.#defaultRoutes(service, port),
          omitted: [],
          service,
        });
      }
    }
    return result;
  }

  /** Only those that could have a say on the port: with many ports and many rules, trying all pairs is slow. */
  #relevant(port: number, services: ReadonlyMap<string, Service>): readonly VirtualService[] {
    return port === HTTP_PORT
      ? this.#virtualServices
      : this.#virtualServices.filter(({ hosts }) =>
          hosts.some((host) => isWildcard(host) || services.has(host)),
        );
  }

  /** The services of the port that the rules apply to, and the hosts that are none. */
  #split(
    virtualService: VirtualService,
    services: ReadonlyMap<string, Service>,
  ): { matched: Service[]; others: string[] } {
    const matched = new Set<Service>();
    const others: string[] = [];
    const exact = virtualService.hosts.filter((host) => !isWildcard(host));
    for (const host of exact) {
      const service = services.get(host);
      if (service === undefined) {
        others.push(host);
      } else {
        matched.add(service);
      }
    }
    for (const wildcard of virtualService.hosts.filter(isWildcard)) {
      const covered = [...services.values()].filter(
        ({ host }) => covers(wildcard, host) || covers(host, wildcard),
      );
      for (const service of covered) {
        // Of several that cover a service, only the most specific rules it.
        if (this.#owners.mostSpecific(service.host) === virtualService) {
          matched.add(service);
        }
      }
      if (covered.length === 0) {
        others.push(wildcard);
      }
    }
    return { matched: [...matched], others };
  }

  #domains(service: Service) {
    const { registry, options, cache } = this.#lowering;
    const { proxyNamespace, domainSuffix } = options;
    const suffix = `.${proxyNamespace}.svc.${domainSuffix}`;
    const isOwn =
      service.host.endsWith(suffix) || registry.aliases(service).some((host) => host.endsWith(suffix));
    return cache.shared.domainsOf(service, registry, isOwn ? proxyNamespace : "", () =>
      serviceDomains(service, registry, proxyNamespace, domainSuffix),
    );
  }

  /** What a service gets that no rule speaks of: no time limit, and istiod's retries. */
  #defaultRoutes(service: Service, port: number): readonly Route[] {
    // Of a port that nobody serves, the cluster is missing: 503.
    if (hasPort(service, port)) {
      this.#lowering.effects.uses.push(clusterUse(service, port));
    }
    const { defaults } = this.#lowering.cache.shared;
    const rule = this.#lowering.destinationRules.find(service);
    const all = defaults.get(service) ?? [];
    const known = all.find((one) => one.port === port && one.rule === rule);
    if (known !== undefined) {
      return known.routes;
    }
    const routes = [this.#defaultRoute(service, port)];
    defaults.set(service, [...all, { port, rule, routes }]);
    return routes;
  }

  #defaultRoute(service: Service, port: number): Route {
    return {
      name: "default",
      match: { headers: [], queryParams: [] },
      action: {
        kind: "forward",
        destinations: [{ cluster: clusterName(port, "", service.host), weight: 1 }],
        timeoutMs: 0,
        retry: DEFAULT_RETRY,
        ...serviceHash(service, port, this.#lowering),
      },
    };
  }
}

/** Whether HTTP is spoken on a port of a service, though nobody may be there. */
export function httpPort({ ports, unservedPorts }: Service, port: number): boolean {
  const isOne = (candidate: Service["ports"][number]) => candidate.number === port && isHttp(candidate);
  return ports.some(isOne) || (unservedPorts?.some(isOne) ?? false);
}

function hasPort({ ports }: Service, port: number): boolean {
  return ports.some(({ number }) => number === port);
}
