/**
 * The outbound listeners: `mesh`, which is asked as an explicit proxy for every host of the mesh, and on request
 * `mesh_<port>` for each port, as a sidecar has them; connections that are no HTTP can be told apart only on those.
 */

import { isQuestion } from "../../../diagnostics/codes.ts";
import type { Listener, TcpChain } from "../../../ir/ir.ts";
import { boundPort } from "../../../options/port-map.ts";
import { type Effects, effectsOfBoth, NO_EFFECTS } from "../context/effects.ts";
import { type GatheringContext, gathering } from "../context/gathering-context.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { lowerEnvoyHeaders, lowerProxyHeaders } from "../context/proxy-headers.ts";
import type { MeshRules } from "../context/shared-lowering.ts";
import { omissions } from "../rules/omissions.ts";
import type { VirtualService } from "../rules/virtual-services.ts";
import { chainsOfOthers, lowerOthers, type Others, reportLostConnections } from "./egress-proxy.ts";
import { explicitHosts, sortedHosts } from "./explicit-hosts.ts";
import { meshParts, type PortsPart, type ProxyPart } from "./mesh-parts.ts";
import { meshRules } from "./mesh-rules.ts";
import { lowerMeshTcp, type MeshTcp, refuseMeshTcpRules } from "./mesh-tcp.ts";
import { type NamedHosts, namedHosts } from "./named-hosts.ts";
import { catchAll } from "./outbound-policy.ts";
import { ALL_PORTS } from "./port-range.ts";

export function lowerMesh(
  virtualServices: readonly VirtualService[],
  context: LoweringContext,
): {
  readonly listeners: readonly Listener[];
  readonly tcpChains: readonly TcpChain[];
  readonly effects: Effects;
} {
  const { meshPort, meshListeners, listenAddress, portMap } = context.options;
  /** What comes of connections. */
  const lowering = gathering(context);
  if (meshPort === 0 && !meshListeners) {
    return { listeners: [], tcpChains: [], effects: lowering.effects };
  }
  const { ofPorts, proxies } = meshParts(virtualServices, context);
  const ofOthers = lowerOthers(virtualServices, lowering);
  const parts = ofPorts.map((part) => lowerPart(part, ofOthers, lowering));
  const bound = parts.filter(({ isBound }) => isBound);
  const ownPorts = portsOfProxy(
    bound.flatMap(({ rules, tcp }) => [...rules.httpPorts, ...(tcp?.ports ?? [])]),
    proxies,
    context.options,
  );
  const others = lowering.cache.shared.catchAllOf(ofOthers.requests, ownPorts, catchAll);
  const common = { role: "mesh", ...lowerProxyHeaders(context.proxyConfig) } as const;
  const envoyHeaders = lowerEnvoyHeaders(context.proxyConfig);
  const listeners: Listener[] = [];
  if (meshPort !== 0) {
    const [first, ...more] = parts;
    const rules = first !== undefined && more.length === 0 ? first.rules : joined(parts);
    const hosts = new Map(parts.flatMap((part) => [...part.hosts]));
    listeners.push({
      ...common,
      name: "mesh",
      address: listenAddress,
      port: meshPort,
      // The port that is asked for chooses the port of the service, so it may not be ignored.
      routes: {
        ignorePortInHost: false,
        ...envoyHeaders,
        virtualHosts: explicitHosts(hosts, rules, others, context),
      },
    });
  }
  const ofProxies = proxies.map((proxy) => {
    const rules = meshRules(proxy.virtualServices, proxy.context);
    const hosts = namedHosts(rules, proxy.context);
    listeners.push({
      ...common,
      name: proxy.name,
      address: proxy.address,
      port: proxy.port === 0 ? 0 : boundPort(portMap, "mesh", proxy.port),
      routes: {
        ignorePortInHost: false,
        ...envoyHeaders,
        virtualHosts: explicitHosts(hosts, rules, others, proxy.context),
      },
    });
    return rules.effects;
  });
  const ofRules = [...parts.map(({ rules }) => rules.effects), ...ofProxies].reduce(effectsOfBoth);
  if (bound.length === 0) {
    refuseMeshTcpRules(virtualServices, lowering);
    const tcpChains = isQuestion(lowering.purpose)
      ? connectionsAskedAbout(virtualServices, ofOthers, lowering)
      : [];
    return { listeners, tcpChains, effects: effectsOfBoth(ofRules, lowering.effects) };
  }
  for (const { rules, hosts, tcp, address } of bound) {
    for (const port of rules.httpPorts) {
      const addresses = tcp?.sniffed.get(port);
      listeners.push({
        ...common,
        address,
        name: `mesh_${port}`,
        servicePort: port,
        port: boundPort(portMap, "mesh", port),
        ...(addresses && { sniffs: { addresses } }),
        routes: {
          ignorePortInHost: true,
          ...envoyHeaders,
          virtualHosts: sortedHosts(
            hosts.get(port)!.hosts.map(({ host, domains, routes, omitted }) => ({
              name: `${host}:${port}`,
              domains,
              routes,
              ...omissions(omitted, routes),
            })),
            others,
          ),
        },
      });
    }
  }
  const tcpChains = bound.flatMap(({ tcp }) => tcp?.chains ?? []);
  reportLostConnections(ofOthers, tcpChains, lowering);
  return { listeners, tcpChains, effects: effectsOfBoth(lowering.effects, ofRules) };
}

interface LoweredPart extends PortsPart {
  readonly rules: MeshRules;
  readonly hosts: ReadonlyMap<number, NamedHosts>;
  /** Absent where nothing is bound. */
  readonly tcp?: MeshTcp;
}

function lowerPart(part: PortsPart, others: Others, { effects }: GatheringContext): LoweredPart {
  const { virtualServices, context, ports, isBound } = part;
  const rules = meshRules(virtualServices, context, ports);
  const lowering = { ...context, effects };
  return {
    ...part,
    rules,
    hosts: namedHosts(rules, context),
    ...(isBound && { tcp: lowerConnections(virtualServices, part, rules.httpPorts, others, lowering) }),
  };
}

/** With those of others, where anybody takes them: on ports of HTTP, if they are redirected, what does not begin like it. */
function lowerConnections(
  virtualServices: readonly VirtualService[],
  { ports, address, isRedirected }: Pick<PortsPart, "ports" | "address" | "isRedirected">,
  httpPorts: readonly number[],
  { connections }: Others,
  lowering: GatheringContext,
): MeshTcp {
  const sparesOthers = connections !== undefined && isRedirected;
  const own = lowerMeshTcp(virtualServices, lowering, { ports, address, sparesOthers });
  if (connections === undefined) {
    return own;
  }
  const sniffed = new Map(own.sniffed);
  const more: TcpChain[] = [];
  for (const port of new Set([...own.ports, ...httpPorts])) {
    if (httpPorts.includes(port) && !sniffed.has(port)) {
      if (!isRedirected) {
        continue;
      }
      sniffed.set(port, []);
    }
    const chains = own.chains.filter(({ listener }) => listener === `mesh_${port}`);
    more.push(...chainsOfOthers({ address, port, chains }, connections, lowering.options.portMap));
  }
  return { chains: [...own.chains, ...more], ports: own.ports, sniffed };
}

/** What is said of several parts, of which no two have one port. */
function joined(parts: readonly LoweredPart[]): MeshRules {
  return {
    httpPorts: parts.flatMap(({ rules }) => rules.httpPorts).sort((a, b) => a - b),
    hosts: new Map(parts.flatMap(({ rules }) => [...rules.hosts])),
    effects: NO_EFFECTS,
  };
}

/** Where connections go is a question that a proxy without their listeners is asked, too; it has no say in who shares a port. */
function connectionsAskedAbout(
  virtualServices: readonly VirtualService[],
  others: Others,
  { effects, ...context }: GatheringContext,
): readonly TcpChain[] {
  const own = gathering(context);
  const all = { ports: ALL_PORTS, address: context.options.listenAddress, isRedirected: true };
  const { chains } = lowerConnections(virtualServices, all, [], others, own);
  effects.add({ ...own.effects, findings: [] });
  return chains.map((chain) => ({ ...chain, isUnbound: true }));
}

/** Where the proxy itself is asked, its admin interface included, and no other host's service is to be expected. */
function portsOfProxy(
  ports: readonly number[],
  proxies: readonly ProxyPart[],
  { meshPort, adminPort, readyPort, metricsPort, portMap }: LoweringContext["options"],
): readonly number[] {
  const mapped = [...new Set(ports)]
    .map((port) => boundPort(portMap, "mesh", port))
    .filter((bound) => !ports.includes(bound));
  const ofProxies = proxies.map(({ port }) => boundPort(portMap, "mesh", port));
  return [meshPort, adminPort, readyPort, metricsPort, ...ofProxies, ...mapped].filter((port) => port !== 0);
}
