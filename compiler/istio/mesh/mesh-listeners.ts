/**
 * The outbound listeners: `mesh`, which is asked as an explicit proxy for every host of the mesh, and on request
 * `mesh_<port>` for each port, as a sidecar has them.
 */

import { isLookedUp } from "../../ir/discovery.ts";
import type { Listener, Route, VirtualHost } from "../../ir/ir.ts";
import type { OutboundPolicy } from "../../options.ts";
import { PASSTHROUGH_CLUSTER } from "../clusters/passthrough.ts";
import type { Lowering } from "../lowering.ts";
import { compareStrings } from "../order.ts";
import type { Registry } from "../registry/registry.ts";
import { isHttp, type Service } from "../registry/service.ts";
import { NO_RETRY } from "../routes/retries.ts";
import type { VirtualService } from "../virtual-services.ts";
import { HTTP_PORT, httpPort, type MeshHost, MeshHosts } from "./mesh-hosts.ts";

/** A host that nobody knows. istiod has this one where only registered hosts may be asked for. */
const BLOCK_ALL: VirtualHost = {
  name: "block_all",
  domains: ["*"],
  routes: [
    {
      name: "block_all",
      match: { headers: [], queryParams: [] },
      action: { kind: "directResponse", status: 502, body: "" },
    } satisfies Route,
  ],
};

/** In Istio such a request goes to where its connection was meant for, which an explicit proxy learns from its host. */
const ALLOW_ANY: VirtualHost = {
  name: "allow_any",
  domains: ["*"],
  routes: [
    {
      name: "allow_any",
      match: { headers: [], queryParams: [] },
      action: {
        kind: "forward",
        destinations: [{ cluster: PASSTHROUGH_CLUSTER, weight: 1 }],
        timeoutMs: 0,
        retry: NO_RETRY,
      },
    } satisfies Route,
  ],
};

const CATCH_ALL: Readonly<Record<OutboundPolicy, VirtualHost>> = {
  REGISTRY_ONLY: BLOCK_ALL,
  ALLOW_ANY,
};

export function lowerMesh(virtualServices: readonly VirtualService[], lowering: Lowering): Listener[] {
  const { meshPort, meshListeners, listenAddress, portMap, outboundPolicy } = lowering.options;
  const catchAll = CATCH_ALL[outboundPolicy];
  if (meshPort === 0 && !meshListeners) {
    return [];
  }
  const hosts = new MeshHosts(virtualServices, lowering);
  const ports = hosts.httpPorts();
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
        virtualHosts: explicitHosts(hostsByPort, catchAll, lowering.registry),
      },
    });
  }
  if (meshListeners) {
    for (const port of ports) {
      listeners.push({
        ...common,
        name: `mesh_${port}`,
        port: portMap.get(port) ?? port,
        routes: {
          ignorePortInHost: true,
          virtualHosts: sorted(
            (hostsByPort.get(port) ?? []).map(({ host, domains, routes }) => ({
              name: `${host}:${port}`,
              domains,
              routes,
            })),
            catchAll,
          ),
        },
      });
    }
  }
  return listeners;
}

/** All ports in one table: each name with its port, and without one where it is clear which is meant. */
function explicitHosts(
  hostsByPort: ReadonlyMap<number, readonly MeshHost[]>,
  catchAll: VirtualHost,
  registry: Registry,
): VirtualHost[] {
  const taken = new Set<string>();
  const virtualHosts: VirtualHost[] = [];
  for (const [port, hosts] of hostsByPort) {
    for (const { host, domains, routes, service } of hosts) {
      // A service is asked on the ports that it has; istiod's exception for port 80 is not for those.
      if (service === undefined && registry.get(host) !== undefined) {
        continue;
      }
      const withoutPort = port === (service === undefined ? HTTP_PORT : defaultPort(service));
      const all = domains
        .flatMap((domain) => [`${domain}:${port}`, ...(withoutPort ? [domain] : [])])
        .filter((domain) => !taken.has(domain));
      for (const domain of all) {
        taken.add(domain);
      }
      if (all.length > 0) {
        virtualHosts.push({ name: `${host}:${port}`, domains: all, routes });
      }
    }
  }
  return sorted(virtualHosts, catchAll);
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

function sorted(virtualHosts: readonly VirtualHost[], catchAll: VirtualHost): VirtualHost[] {
  // A rule for `*` is an error in the mesh; that it is lowered all the same must not make a table that contradicts itself.
  const all = virtualHosts.some(({ domains }) => domains.includes("*"))
    ? virtualHosts
    : [...virtualHosts, catchAll];
  return [...all].sort((a, b) => compareStrings(a.name, b.name));
}

/** A rule may send any request to a service without naming a port or a subset; the cluster is there in any case. */
function useAllServices({ registry, clusterUses }: Lowering): void {
  for (const service of registry.services) {
    if (registry.aliasTarget(service) === undefined) {
      for (const port of service.ports.filter(isHttp)) {
        clusterUses.add(service, port.number);
      }
    }
  }
}
