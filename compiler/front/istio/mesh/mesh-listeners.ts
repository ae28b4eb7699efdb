/**
 * The outbound listeners: `mesh`, which is asked as an explicit proxy for every host of the mesh, and on request
 * `mesh_<port>` for each port, as a sidecar has them; connections that are no HTTP can be told apart only on those.
 */

import { isQuestion } from "../../../diagnostics/codes.ts";
import type { Listener, TcpChain } from "../../../ir/ir.ts";
import { boundPort } from "../../../options/port-map.ts";
import { type Effects, effectsOfBoth } from "../context/effects.ts";
import { type GatheringContext, gathering } from "../context/gathering-context.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { lowerEnvoyHeaders, lowerProxyHeaders } from "../context/proxy-headers.ts";
import { omissions } from "../rules/omissions.ts";
import type { VirtualService } from "../rules/virtual-services.ts";
import { explicitHosts, sortedHosts } from "./explicit-hosts.ts";
import { meshRules } from "./mesh-rules.ts";
import { lowerMeshTcp, refuseMeshTcpRules } from "./mesh-tcp.ts";
import { namedHosts } from "./named-hosts.ts";
import { catchAll } from "./outbound-policy.ts";

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
  const rules = meshRules(virtualServices, context);
  const ports = rules.httpPorts;
  const tcp = meshListeners ? lowerMeshTcp(virtualServices, lowering) : undefined;
  const bound = [...new Set([...ports, ...(tcp?.ports ?? [])])];
  const others = lowering.cache.shared.catchAllOf(
    lowering.outboundPolicy,
    ownPorts(bound, lowering.options),
    catchAll,
  );
  const hosts = namedHosts(rules, context);
  const common = {
    role: "mesh",
    address: listenAddress,
    ...lowerProxyHeaders(context.proxyConfig),
  } as const;
  const envoyHeaders = lowerEnvoyHeaders(context.proxyConfig);
  const listeners: Listener[] = [];
  if (meshPort !== 0) {
    listeners.push({
      ...common,
      name: "mesh",
      port: meshPort,
      // The port that is asked for chooses the port of the service, so it may not be ignored.
      routes: {
        ignorePortInHost: false,
        ...envoyHeaders,
        virtualHosts: explicitHosts(hosts, rules, others, context),
      },
    });
  }
  if (tcp === undefined) {
    refuseMeshTcpRules(virtualServices, lowering);
    const tcpChains = isQuestion(lowering.purpose) ? connectionsAskedAbout(virtualServices, lowering) : [];
    return { listeners, tcpChains, effects: effectsOfBoth(rules.effects, lowering.effects) };
  }
  for (const port of ports) {
    const addresses = tcp.sniffed.get(port);
    listeners.push({
      ...common,
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
  return { listeners, tcpChains: tcp.chains, effects: effectsOfBoth(lowering.effects, rules.effects) };
}

/** Where connections go is a question that a proxy without their listeners is asked, too; it has no say in who shares a port. */
function connectionsAskedAbout(
  virtualServices: readonly VirtualService[],
  { effects, ...context }: GatheringContext,
): readonly TcpChain[] {
  const own = gathering(context);
  const { chains } = lowerMeshTcp(virtualServices, own);
  effects.add({ ...own.effects, findings: [] });
  return chains;
}

/** Where the proxy itself is asked, its admin interface included, and no other host's service is to be expected. */
function ownPorts(
  ports: readonly number[],
  { meshPort, adminPort, readyPort, metricsPort, meshListeners, portMap }: LoweringContext["options"],
): readonly number[] {
  const mapped = ports
    .map((port) => boundPort(portMap, "mesh", port))
    .filter((bound) => !ports.includes(bound));
  return [meshPort, adminPort, readyPort, metricsPort, ...(meshListeners ? mapped : [])].filter(
    (port) => port !== 0,
  );
}
