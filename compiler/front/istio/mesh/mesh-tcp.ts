/**
 * Connections of the mesh in which no HTTP is read: `tls` and `tcp` rules, and services of such protocols without
 * any, on the listener `mesh_<port>` of their port.
 *
 * Services on one port are told apart by the address that a connection is for, which a redirected one keeps, and those
 * of TLS by the name that the client asks for. A service that is alone on its port takes every connection, unless there is
 * somebody who takes those for nobody.
 */

import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { isLookedUp } from "../../../ir/discovery.ts";
import { ANY_ADDRESS } from "../../../ir/filter-chains.ts";
import type { TcpChain } from "../../../ir/ir.ts";
import { boundPort } from "../../../options/port-map.ts";
import type { TcpRoute as TcpRule, TlsRoute as TlsRule } from "../../resources/model.ts";
import { covers } from "../../services/host-names.ts";
import { selects } from "../../services/labels.ts";
import { labelsOfProxy } from "../../services/proxy-labels.ts";
import { goesByAddress, type PortProtocol, type Service } from "../../services/service.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { MESH, resolveGatewayName } from "../rules/gateway-names.ts";
import { defaultTcpRoute, lowerTcpRoute, type RuleAt, type TcpRoute } from "../rules/tcp-routes.ts";
import type { VirtualService } from "../rules/virtual-services.ts";
import { hasInRange, type PortRange } from "./port-range.ts";

export interface MeshTcp {
  readonly chains: readonly TcpChain[];
  /** Those of the services that have chains. */
  readonly ports: readonly number[];
  /** Ports whose connections are looked at to tell whether they are HTTP, with the addresses that chains are for. */
  readonly sniffed: ReadonlyMap<number, readonly string[]>;
}

/** Of which listeners, which may be all. */
export interface TcpListeners {
  readonly ports: PortRange;
  /** What they bind. */
  readonly address: string;
  /** Connections for no service go elsewhere: one with addresses takes those for them alone, and HTTP what begins like it. */
  readonly sparesOthers: boolean;
}

export function lowerMeshTcp(
  virtualServices: readonly VirtualService[],
  lowering: GatheringContext,
  listeners: TcpListeners,
): MeshTcp {
  // Each service looks through them: most have rules for HTTP alone.
  const ruling = virtualServices.filter(
    ({ gateways, resource: { spec } }) =>
      gateways.includes(MESH) && [...(spec.tcp ?? []), ...(spec.tls ?? [])].length > 0,
  );
  const chains: TcpChain[] = [];
  const ports: number[] = [];
  const sniffed = new Map<number, readonly string[]>();
  for (const [port, services] of servicesByPort(listeners.ports, lowering)) {
    const ofPort = new PortChains(port, listeners, services, ruling, lowering);
    chains.push(...ofPort.chains);
    if (ofPort.chains.length > 0) {
      ports.push(port);
    }
    if (ofPort.sniffed) {
      sniffed.set(port, [...new Set(ofPort.chains.flatMap(({ addresses = [] }) => addresses))]);
    }
  }
  return { chains, ports, sniffed };
}

/** Without their listeners, rules for connections have nowhere to be obeyed. */
export function refuseMeshTcpRules(
  virtualServices: readonly VirtualService[],
  { effects }: GatheringContext,
): void {
  if (withoutConnections.has(virtualServices)) {
    return;
  }
  const before = effects.findings.length;
  for (const { gateways, resource } of virtualServices) {
    const fields = gateways.includes(MESH) ? (["tls", "tcp"] as const) : [];
    for (const field of fields) {
      if (resource.spec[field]?.length) {
        effects.report(
          "SL0303",
          `${field} rules of the mesh need a listener for each port: only HTTP names a host to an explicit proxy`,
          resource.spanOf(["spec", field]),
          () => ({ help: "Pass --mesh-listeners, or --mesh-port 0 for a proxy that only serves Gateways." }),
        );
      }
    }
  }
  if (effects.findings.length === before) {
    withoutConnections.add(virtualServices);
  }
}

/** Lists, which never change, of which no rule of the mesh is for connections. */
const withoutConnections = new WeakSet<readonly VirtualService[]>();

interface OnPort {
  readonly service: Service;
  readonly protocol: PortProtocol;
}

/** Ports on which something else than HTTP is spoken, or may be. */
function servicesByPort(range: PortRange, { registry }: LoweringContext): Map<number, OnPort[]> {
  const all = new Map<number, OnPort[]>();
  for (const service of registry.services) {
    if (registry.aliasTarget(service) !== undefined) {
      continue;
    }
    for (const { number, protocol: own } of service.ports) {
      const protocol = range.protocol ?? own;
      if (protocol === "udp" || !hasInRange(range, number)) {
        continue;
      }
      const known = all.get(number);
      if (known === undefined) {
        all.set(number, [{ service, protocol }]);
      } else {
        known.push({ service, protocol });
      }
    }
  }
  const mayBeOther = ({ protocol }: OnPort) => protocol !== "http" && protocol !== "http2";
  return new Map([...all].filter(([, services]) => services.some(mayBeOther)));
}

class PortChains {
  readonly chains: TcpChain[] = [];
  sniffed = false;
  readonly #port: number;
  readonly #address: string;
  readonly #sparesOthers: boolean;
  readonly #services: readonly OnPort[];
  readonly #virtualServices: readonly VirtualService[];
  readonly #lowering: GatheringContext;
  /** Addresses and names that are some chain's already: Envoy takes no two for the same connections. */
  readonly #taken = new Set<string>();

  constructor(
    port: number,
    { address, sparesOthers }: TcpListeners,
    services: readonly OnPort[],
    virtualServices: readonly VirtualService[],
    lowering: GatheringContext,
  ) {
    this.#port = port;
    this.#address = address;
    this.#sparesOthers = sparesOthers;
    this.#services = services;
    this.#virtualServices = virtualServices;
    this.#lowering = lowering;
    const declared = services.filter(({ protocol }) => protocol === "tls" || protocol === "tcp");
    const undeclared = services.filter(({ protocol }) => protocol === "auto");
    const hasHttp = services.some(({ protocol }) => protocol === "http" || protocol === "http2");
    if (hasHttp && !sparesOthers) {
      // Plain HTTP takes what is for nobody else, whatever it is.
      this.#take(ANY_ADDRESS, []);
    }
    for (const { service, protocol } of declared) {
      const found = protocol === "tls" ? this.#addTls(service) : this.#addTcp(service);
      const endless = this.#endlessRanges(service);
      if (endless.length > 0) {
        this.#reportEndless(service, endless);
      } else if (!found) {
        this.#reportLost(service);
      }
    }
    for (const { service } of undeclared) {
      this.sniffed = this.#addTcp(service) || this.sniffed;
    }
  }

  /** A chain for each match that holds; without one, the service's own. */
  #addTls(service: Service): boolean {
    let ruled = false;
    for (const virtualService of this.#rulesOf(service)) {
      for (const [index, rule] of (virtualService.resource.spec.tls ?? []).entries()) {
        for (const [at, match] of (rule.match ?? []).entries()) {
          if (!this.#applies(match, virtualService)) {
            continue;
          }
          const route = this.#route(rule, { list: "tls", rule: index, match: at }, virtualService);
          const names = (match.sniHosts ?? []).map((name) => name.toLowerCase());
          const subnets = match.destinationSubnets ?? [];
          ruled = true;
          // A rule for several services says the same of all of them.
          if (route) {
            this.#add(service, route, this.#namedAddresses(service, subnets), names);
          }
        }
      }
    }
    if (ruled) {
      return true;
    }
    const route = defaultTcpRoute(service, this.#port, this.#lowering);
    if (this.#isAlone && !isLookedUp(service.discovery)) {
      return this.#add(service, route, [], []);
    }
    const own = this.#rangesOf(service);
    // A range can be others' as well, whom the name tells apart then.
    const single = own.filter(isOneAddress);
    const wide = own.filter((range) => !isOneAddress(range));
    const byAddress = single.length > 0 && this.#add(service, route, single, []);
    const byRange = wide.length > 0 && this.#add(service, route, wide, [service.host]);
    return this.#add(service, route, [], [service.host]) || byAddress || byRange;
  }

  /** The first rule without a condition on the address ends the search; without one, the service's own follows. */
  #addTcp(service: Service): boolean {
    const byAddress = goesByAddress(service, this.#port);
    const endless = this.#endlessRanges(service);
    const own =
      this.#isAlone && !byAddress ? [] : this.#rangesOf(service).filter((range) => !endless.includes(range));
    let added = false;
    for (const virtualService of this.#rulesOf(service)) {
      for (const [index, rule] of (virtualService.resource.spec.tcp ?? []).entries()) {
        const matches = rule.match?.length ? rule.match : [{}];
        const applying = matches.filter((match) => this.#applies(match, virtualService));
        if (applying.length === 0) {
          continue;
        }
        const isOne = rule.match?.length && applying.length === 1;
        const at = isOne ? { match: matches.indexOf(applying[0]!) } : {};
        const route = this.#route(rule, { list: "tcp", rule: index, ...at }, virtualService);
        const isLast = applying.some(({ destinationSubnets }) => !destinationSubnets?.length);
        const subnets = applying.flatMap(({ destinationSubnets }) => destinationSubnets ?? []);
        if (route && subnets.length > 0) {
          added = this.#add(service, route, rangesIn(subnets), []) || added;
        }
        if (route && isLast) {
          added = this.#add(service, route, own, []) || added;
        }
        if (isLast) {
          return added;
        }
      }
    }
    if (isLookedUp(service.discovery) && !(byAddress && own.length > 0)) {
      // Where the connection was meant for is here: it would go round for ever.
      return added;
    }
    return this.#add(service, defaultTcpRoute(service, this.#port, this.#lowering), own, []) || added;
  }

  /** Its own addresses, or the one that it is resolved to instead. */
  #rangesOf(service: Service): string[] {
    const virtual = this.#lowering.virtualAddresses.of(service);
    return rangesIn(virtual === undefined ? service.addresses : [virtual]);
  }

  /** A range may hold the proxy's own address: where its port is bound as it is, such a connection would go round for ever. */
  #endlessRanges(service: Service): string[] {
    const isEndless =
      goesByAddress(service, this.#port) &&
      boundPort(this.#lowering.options.portMap, "mesh", this.#port) === this.#port;
    return isEndless ? this.#rangesOf(service).filter((range) => mayHold(range, this.#address)) : [];
  }

  get #isAlone(): boolean {
    return this.#services.length === 1 && !this.#sparesOthers;
  }

  #rulesOf(service: Service): VirtualService[] {
    return this.#virtualServices.filter(({ hosts }) => hosts.some((host) => covers(host, service.host)));
  }

  /** Unlike for HTTP, gateways and labels must both hold. */
  #applies(
    match: NonNullable<TlsRule["match"]>[number] | NonNullable<TcpRule["match"]>[number],
    { resource }: VirtualService,
  ): boolean {
    const { options } = this.#lowering;
    return (
      (!match.port || match.port === this.#port) &&
      (!match.gateways?.length ||
        match.gateways.some((name) => resolveGatewayName(name, resource.namespace) === MESH)) &&
      selects(match.sourceLabels, labelsOfProxy(options)) &&
      (!match.sourceNamespace || match.sourceNamespace === options.proxyNamespace)
    );
  }

  #route({ route }: TlsRule | TcpRule, at: RuleAt, virtualService: VirtualService): TcpRoute | undefined {
    return lowerTcpRoute(route, at, virtualService, { gateway: MESH, port: this.#port }, this.#lowering);
  }

  /** A rule's addresses replace the service's; what is named is also taken when it is for no address of the service. */
  #namedAddresses(service: Service, subnets: readonly string[]): readonly string[] {
    if (subnets.length > 0) {
      return rangesIn(subnets);
    }
    const own = this.#isAlone ? [] : this.#rangesOf(service);
    return own.length > 0 ? [...own, ...ANY_ADDRESS] : [];
  }

  /** Leaves out what is taken; false when nothing is left. */
  #add(service: Service, route: TcpRoute, addresses: readonly string[], names: readonly string[]): boolean {
    const places = addresses.length > 0 ? addresses : ANY_ADDRESS;
    const all = [...new Set(names.includes("*") ? [] : names)];
    const free =
      all.length > 0
        ? all.filter((name) => places.every((address) => !this.#taken.has(`${address} ${name}`)))
        : [""];
    const freePlaces = all.length > 0 ? places : places.filter((address) => !this.#taken.has(`${address} `));
    if (free.length === 0 || freePlaces.length === 0) {
      return false;
    }
    const serverNames = all.length > 0 ? free : [];
    this.#take(freePlaces, serverNames);
    const port = boundPort(this.#lowering.options.portMap, "mesh", this.#port);
    const listener = `mesh_${this.#port}`;
    this.chains.push({
      name: `${listener}_${this.chains.length}_${service.host}`,
      role: "mesh",
      listener,
      address: this.#address,
      port,
      ...(port !== this.#port && { servicePort: this.#port }),
      ...(addresses.length > 0 && { addresses: freePlaces }),
      serverNames,
      ...((serverNames.length > 0 || route.lookupPort !== undefined) && { readsServerName: true as const }),
      ...route,
    });
    return true;
  }

  #take(addresses: readonly string[], names: readonly string[]): void {
    for (const address of addresses) {
      for (const name of names.length > 0 ? names : [""]) {
        this.#taken.add(`${address} ${name}`);
      }
    }
  }

  #reportEndless({ host, span }: Service, ranges: readonly string[]): void {
    this.#lowering.effects.report(
      "SL0444",
      `connections to port ${this.#port} of "${host}" for ${ranges.join(", ")} may be meant for the proxy itself, and would go round for ever; they will be closed`,
      span,
      () => ({
        help: `Name single addresses, or have the proxy bind another port: --port-map mesh:${this.#port}=PORT.`,
      }),
    );
  }

  #reportLost(service: Service): void {
    this.#lowering.effects.report(
      "SL0444",
      isLookedUp(service.discovery)
        ? `connections to port ${this.#port} of "${service.host}" do not say which host they are for; they will be closed`
        : `connections to port ${this.#port} of "${service.host}" cannot be told apart from those of another service, and will go to that one`,
      service.span,
      () => ({
        help: isLookedUp(service.discovery)
          ? `${goesByAddress(service, this.#port) ? "Add addresses to the ServiceEntry, or" : "Add"} endpoints and resolution STATIC or DNS, or use protocol TLS, whose SNI names the host.`
          : "Give the service its own addresses, or another port; with --dns, each ServiceEntry without addresses gets one.",
      }),
    );
  }
}

/** As CIDR ranges, without bits that mean nothing: Envoy takes no range twice. What is no range is left out. */
function rangesIn(addresses: readonly string[]): string[] {
  const ranges = addresses.flatMap((address) => {
    const [ip = "", bits] = address.split("/", 2) as [string, string?];
    const version = isIP(ip);
    if (version === 0) {
      return [];
    }
    const Address = version === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
    const length = bits ?? (version === 4 ? "32" : "128");
    const range = `${ip}/${length}`;
    return ipaddr.isValidCIDR(range) ? `${Address.networkAddressFromCIDR(range)}/${length}` : [];
  });
  return [...new Set(ranges)];
}

/** Whether a connection for this range may be one to what binds `bound`. Where that is any address, the machine's own are not known. */
function mayHold(range: string, bound: string): boolean {
  if (!ipaddr.isValid(bound)) {
    return false;
  }
  const address = ipaddr.parse(bound);
  if (address.range() === "unspecified") {
    return !isOneAddress(range);
  }
  const [network, length] = ipaddr.parseCIDR(range);
  return network.kind() === address.kind() && address.match(network, length);
}

function isOneAddress(range: string): boolean {
  return range.endsWith(range.includes(":") ? "/128" : "/32");
}
