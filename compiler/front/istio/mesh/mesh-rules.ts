/**
 * What the mesh answers on each port: which VirtualService rules each host, and what the others get by default. Under which names a proxy
 * knows them is no part of it (`host-names.ts`): that is nearly all that the proxies of a mesh differ in, so most of
 * them have one and the same of these.
 */

import type { Route } from "../../../ir/ir.ts";
import { clusterName, clusterUse } from "../../services/cluster-uses.ts";
import { HostMap } from "../../services/host-map.ts";
import { covers, isWildcard } from "../../services/host-names.ts";
import { isHttp, type PortProtocol, type Service } from "../../services/service.ts";
import { type GatheringContext, gathering } from "../context/gathering-context.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { keepsForwardedHost } from "../context/proxy-headers.ts";
import type { MeshRules, RuledHost } from "../context/shared-lowering.ts";
import { MESH } from "../rules/gateway-names.ts";
import { serviceHash } from "../rules/hash-keys.ts";
import { lowerHttpRoutes } from "../rules/http-routes.ts";
import { lowerRetries } from "../rules/retries.ts";
import { isForAll } from "../rules/route-cache.ts";
import type { VirtualService } from "../rules/virtual-services.ts";
import { ALL_PORTS, hasInRange, type PortRange } from "./port-range.ts";

/** The port on which rules for hosts that are no services apply. */
export const HTTP_PORT = 80;

/** The same object for all proxies that see the same rules, services and policies. */
export function meshRules(
  virtualServices: readonly VirtualService[],
  context: LoweringContext,
  ports: PortRange = ALL_PORTS,
): MeshRules {
  const { base, registry, destinationRules, cache, options } = context;
  const ofMesh = virtualServices.filter(({ gateways }) => gateways.includes(MESH));
  const keepsHosts = keepsForwardedHost(context.proxyConfig).appendsForwardedHost;
  const policies = registry.known.map((service) => destinationRules.find(service));
  return cache.shared.meshRulesOf([base, registry, keepsHosts, ports, ...ofMesh, ...policies], () => {
    const lowering = gathering(context);
    const { httpPorts, hosts } = new RulesByPort(ofMesh, ports, lowering);
    useAllServices(ports, lowering);
    const { effects } = lowering;
    return {
      rules: { httpPorts, hosts, effects },
      isForAll: effects.dangling.length === 0 && ofMesh.every((one) => isForAll(one, options.domainSuffix)),
    };
  });
}

class RulesByPort {
  readonly httpPorts: readonly number[];
  readonly hosts: ReadonlyMap<number, readonly RuledHost[]>;
  readonly #virtualServices: readonly VirtualService[];
  readonly #ports: PortRange;
  readonly #lowering: GatheringContext;
  /** The oldest VirtualService for each host. */
  readonly #owners = new HostMap<VirtualService>();
  readonly #servicesByPort = new Map<number, Service[]>();

  constructor(virtualServices: readonly VirtualService[], ports: PortRange, lowering: GatheringContext) {
    this.#virtualServices = virtualServices;
    this.#ports = ports;
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
        if (!hasInRange(ports, port.number)) {
          continue;
        }
        const known = this.#servicesByPort.get(port.number);
        if (known === undefined) {
          this.#servicesByPort.set(port.number, [service]);
        } else if (!known.includes(service)) {
          known.push(service);
        }
      }
    }
    this.httpPorts = this.#httpPorts();
    this.hosts = new Map(
      [...new Set([...(hasInRange(ports, HTTP_PORT) ? [HTTP_PORT] : []), ...this.httpPorts])].map(
        (port) => [port, this.#onPort(port)] as const,
      ),
    );
  }

  #httpPorts(): number[] {
    return [...this.#servicesByPort]
      .filter(([port, services]) => services.some((service) => this.#isHttp(service, port)))
      .map(([port]) => port)
      .sort((a, b) => a - b);
  }

  #isHttp(service: Service, port: number): boolean {
    const { protocol } = this.#ports;
    return protocol === undefined ? httpPort(service, port) : isSpokenAsHttp(protocol);
  }

  /** Hosts with rules in the order of their VirtualServices, then the services without any. */
  #onPort(port: number): RuledHost[] {
    const services = new Map(
      (this.#servicesByPort.get(port) ?? []).map((service) => [service.host, service]),
    );
    const ruled = new Set<Service>();
    const result: RuledHost[] = [];
    for (const virtualService of this.#relevant(port, services)) {
      const { matched, others } = this.#split(virtualService, services);
      const served = matched.filter((service) => this.#isHttp(service, port));
      // istiod's exception: hosts that are no services are served on port 80, and elsewhere only beside one that is.
      if (served.length === 0 && port !== HTTP_PORT) {
        continue;
      }
      const site = {
        gateway: MESH,
        port,
        speculative: !served.some((service) => hasPort(service, port)),
        ...keepsForwardedHost(this.#lowering.proxyConfig),
      };
      const { routes, omitted, effects } = lowerHttpRoutes(virtualService, site, this.#lowering);
      this.#lowering.effects.add(effects);
      this.#lowering.onLowered?.();
      if (routes.length === 0) {
        continue;
      }
      for (const host of others) {
        result.push({ host, routes, omitted });
      }
      for (const service of served) {
        ruled.add(service);
        result.push({ host: service.host, routes, omitted, service });
      }
    }
    for (const service of services.values()) {
      // An alias has no host of its own: its names are among those of what it stands for.
      const alias = this.#lowering.registry.aliasTarget(service) !== undefined;
      if (!ruled.has(service) && !alias && this.#isHttp(service, port)) {
        const routes = this.#defaultRoutes(service, port);
        result.push({ host: service.host, routes, omitted: [], service });
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
        retry: lowerRetries(this.#lowering.cache.shared.settings.written.defaultHttpRetryPolicy),
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

function isSpokenAsHttp(protocol: PortProtocol): boolean {
  return protocol === "http" || protocol === "http2" || protocol === "auto";
}

function hasPort({ ports }: Service, port: number): boolean {
  return ports.some(({ number }) => number === port);
}

/** A rule may send any request to a service without naming a port or a subset; the cluster is there in any case. */
function useAllServices({ only }: PortRange, { registry, effects }: GatheringContext): void {
  for (const service of registry.services) {
    if (registry.aliasTarget(service) === undefined) {
      const ports = service.ports.filter((port) => isHttp(port) && (only ?? port.number) === port.number);
      for (const port of ports) {
        effects.uses.push(clusterUse(service, port.number));
      }
    }
  }
}
