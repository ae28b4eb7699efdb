/**
 * The outbound listeners: `mesh`, which is asked as an explicit proxy for every host of the mesh, and on request
 * `mesh_<port>` for each port, as a sidecar has them; connections that are no HTTP can be told apart only on those.
 */

import { isQuestion } from "../../../diagnostics/codes.ts";
import { isLookedUp } from "../../../ir/discovery.ts";
import type { Listener, TcpChain, VirtualHost } from "../../../ir/ir.ts";
import { compareStrings } from "../../../ir/text.ts";
import { boundPort } from "../../../options/port-map.ts";
import { clusterUse } from "../../services/cluster-uses.ts";
import { isHttp, type Service } from "../../services/service.ts";
import type { Effects } from "../context/effects.ts";
import { type GatheringContext, gathering } from "../context/gathering-context.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { omissions } from "../rules/omissions.ts";
import type { VirtualService } from "../rules/virtual-services.ts";
import { HTTP_PORT, httpPort, type MeshHost, MeshHosts } from "./mesh-hosts.ts";
import { lowerMeshTcp, refuseMeshTcpRules } from "./mesh-tcp.ts";
import { catchAll } from "./outbound-policy.ts";

export function lowerMesh(
  virtualServices: readonly VirtualService[],
  context: LoweringContext,
): {
  readonly listeners: readonly Listener[];
  readonly tcpChains: readonly TcpChain[];
  readonly effects: Effects;
} {
  const lowering = gathering(context);
  const { effects } = lowering;
  const { meshPort, meshListeners, listenAddress, portMap } = lowering.options;
  if (meshPort === 0 && !meshListeners) {
    return { listeners: [], tcpChains: [], effects };
  }
  const hosts = new MeshHosts(virtualServices, lowering);
  const ports = hosts.httpPorts();
  const tcp = meshListeners ? lowerMeshTcp(virtualServices, lowering) : undefined;
  const bound = [...new Set([...ports, ...(tcp?.ports ?? [])])];
  const others = lowering.cache.shared.catchAllOf(
    lowering.outboundPolicy,
    ownPorts(bound, lowering.options),
    catchAll,
  );
  const hostsByPort = new Map(
    [...new Set([HTTP_PORT, ...ports])].map((port): [number, MeshHost[]] => [port, hosts.onPort(port)]),
  );
  useAllServices(lowering);
  const common = { role: "mesh", address: listenAddress } as const;
  const listeners: Listener[] = [];
  if (meshPort !== 0) {
    listeners.push({
      ...common,
      name: "mesh",
      port: meshPort,
      // The port that is asked for chooses the port of the service, so it may not be ignored.
      routes: {
        ignorePortInHost: false,
        virtualHosts: explicitHosts(hostsByPort, others, lowering),
      },
    });
  }
  if (tcp === undefined) {
    refuseMeshTcpRules(virtualServices, lowering);
    const tcpChains = isQuestion(lowering.purpose) ? connectionsAskedAbout(virtualServices, lowering) : [];
    return { listeners, tcpChains, effects };
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
        virtualHosts: sorted(
          (hostsByPort.get(port) ?? []).map(({ host, domains, routes, omitted }) => ({
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
  return { listeners, tcpChains: tcp.chains, effects };
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
  { meshPort, adminPort, readyPort, meshListeners, portMap }: LoweringContext["options"],
): readonly number[] {
  const mapped = ports
    .map((port) => boundPort(portMap, "mesh", port))
    .filter((bound) => !ports.includes(bound));
  return [meshPort, adminPort, readyPort, ...(meshListeners ? mapped : [])].filter((port) => port !== 0);
}

/** All ports in one table: each name with its port, and without one where it is clear which is meant. */
function explicitHosts(
  hostsByPort: ReadonlyMap<number, readonly MeshHost[]>,
  others: VirtualHost,
  { registry, cache: { shared } }: LoweringContext,
): VirtualHost[] {
  const taken = new Set<string>();
  const virtualHosts: VirtualHost[] = [];
  for (const [port, hosts] of hostsByPort) {
    for (const { host, domains, routes, omitted, service } of hosts) {
      // A service is asked on the ports that it has; istiod's exception for port 80 is not for those.
      if (service === undefined && registry.serves(host)) {
        continue;
      }
      const withoutPort = port === (service === undefined ? HTTP_PORT : defaultPort(service));
      const asked = shared.explicitDomains(domains, port, withoutPort);
      const isFree = (domain: string) => !taken.has(domain);
      const all = asked.every(isFree) ? asked : asked.filter(isFree);
      for (const domain of all) {
        taken.add(domain);
      }
      if (all.length > 0) {
        virtualHosts.push({ name: `${host}:${port}`, domains: all, routes, ...omissions(omitted, routes) });
      }
    }
  }
  return sorted(virtualHosts, others);
}

/** The port of a request that names none: HTTP's own, else the only one. */
function defaultPort(service: Service): number | undefined {
  // Where requests say themselves where they go, one without a port means HTTP's own.
  if (httpPort(service, HTTP_PORT) || isLookedUp(service.discovery)) {
    return HTTP_PORT;
  }
  const http = service.ports.filter(isHttp);
  return http.length === 1 ? http[0]!.number : undefined;
}

function sorted(virtualHosts: readonly VirtualHost[], others: VirtualHost): VirtualHost[] {
  // A rule for `*` is an error in the mesh; that it is lowered all the same must not make a table that contradicts itself.
  const all = virtualHosts.some(({ domains }) => domains.includes("*"))
    ? virtualHosts
    : [...virtualHosts, others];
  return [...all].sort((a, b) => compareStrings(a.name, b.name));
}

/** A rule may send any request to a service without naming a port or a subset; the cluster is there in any case. */
function useAllServices({ registry, effects }: GatheringContext): void {
  for (const service of registry.services) {
    if (registry.aliasTarget(service) === undefined) {
      for (const port of service.ports.filter(isHttp)) {
        effects.uses.push(clusterUse(service, port.number));
      }
    }
  }
}
