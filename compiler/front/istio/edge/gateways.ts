/** `Gateway` resources: which of their servers are this proxy's, and the virtual hosts they get. */

import type { Listener, Omission, Route, TcpChain, VirtualHost } from "../../../ir/ir.ts";
import { compareStrings } from "../../../ir/text.ts";
import { boundPort } from "../../../options/port-map.ts";
import type { GatewaySpec, Resource, Server } from "../../resources/model.ts";
import { unixSocketPath } from "../../services/unix-sockets.ts";
import type { Effects } from "../context/effects.ts";
import { type GatheringContext, gathering } from "../context/gathering-context.ts";
import type { LoweredRoutes } from "../context/lowered-routes.ts";
import type { LoweringCache } from "../context/lowering-cache.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { lowerHttpRoutes } from "../rules/http-routes.ts";
import { omissions } from "../rules/omissions.ts";
import { isCatchAll } from "../rules/route-match.ts";
import type { VirtualService } from "../rules/virtual-services.ts";
import { type GatewayServer, kindOf, placesOnPorts, serverNamesOf, socketOf } from "./gateway-servers.ts";
import { lowerPassthroughServer, lowerTcpServer } from "./gateway-tcp.ts";
import { ServerHosts } from "./server-hosts.ts";
import { isPlainHttp } from "./server-protocols.ts";
import { lowerServerTls, terminates } from "./server-tls.ts";

export interface LoweredEdge {
  readonly listeners: readonly Listener[];
  readonly tcpChains: readonly TcpChain[];
  readonly effects: Effects;
}

/** One listener for each port; servers of several Gateways on one port share it. */
export function lowerGateways(
  gateways: readonly Resource<GatewaySpec>[],
  virtualServices: readonly VirtualService[],
  context: LoweringContext,
): LoweredEdge {
  const lowering = gathering(context);
  const servers = gateways.flatMap((gateway) =>
    (gateway.spec.servers ?? []).map((server, index) => ({
      gateway,
      gatewayName: `${gateway.namespace}/${gateway.name}`,
      server,
      index,
    })),
  );
  const bound = bindToGateways(virtualServices);
  const { listenAddress, portMap } = lowering.options;
  const addressOf = ({ bind }: Server) => {
    const socket = unixSocketPath(bind);
    return socket === undefined ? bind || listenAddress : `unix:${socket}`;
  };
  const portOf = ({ bind, port: { number } }: Server) =>
    unixSocketPath(bind) === undefined
      ? boundPort(portMap, "gateway", number, lowering.gatewayPorts.get(number))
      : 0;
  const listener = (name: string, servers: readonly [GatewayServer, ...GatewayServer[]]): Listener => ({
    name,
    role: "gateway",
    ...(unixSocketPath(servers[0].server.bind) === undefined && {
      servicePort: servers[0].server.port.number,
    }),
    address: addressOf(servers[0].server),
    port: portOf(servers[0].server),
    routes: {
      ignorePortInHost: true,
      // istiod asks the first server of a port.
      ...(servers[0].server.port.protocol.toUpperCase() === "GRPC-WEB" && { grpcWeb: true }),
      virtualHosts: lowerVirtualHosts(servers[0].server.port.number, servers, bound, lowering),
    },
  });
  const { plain, tls, tcp, names } = placesOnPorts(servers, lowering.effects.report);
  const listeners = [...plain].map(([socket, servers]) => listener(`gateway_${socket}`, servers));
  const tcpChains: TcpChain[] = [];
  for (const one of [...tls, ...tcp]) {
    const { gateway, gatewayName, server, index } = one;
    const { number, name } = server.port;
    const socket = socketOf(server);
    const label = `gateway_${socket}_${name}_${gateway.name}_${gateway.namespace}`;
    const kind = kindOf(server);
    const serverNames = serverNamesOf(server);
    const serverTls = terminates(server.tls)
      ? lowerServerTls({ gateway, index, tls: server.tls!, serverNames }, lowering)
      : undefined;
    if (kind === "https") {
      listeners.push({ ...listener(label, [one]), tls: serverTls! });
      continue;
    }
    const hosts = new ServerHosts(server.hosts, gateway.namespace);
    const ruling = (bound.get(gatewayName) ?? []).filter(
      (virtualService) => hosts.intersect(virtualService).length > 0,
    );
    const place = {
      name: label,
      gateway: gatewayName,
      port: number,
      address: addressOf(server),
      boundPort: portOf(server),
    };
    tcpChains.push(
      ...(kind === "passthrough"
        ? lowerPassthroughServer(place, ruling, names.get(socket)!, lowering)
        : lowerTcpServer(place, ruling, serverTls, lowering)),
    );
  }
  return { listeners, tcpChains, effects: lowering.effects };
}

function bindToGateways(virtualServices: readonly VirtualService[]): Map<string, VirtualService[]> {
  const bound = new Map<string, VirtualService[]>();
  for (const virtualService of virtualServices) {
    const { gateways } = virtualService;
    for (const gateway of gateways.length === 1 ? gateways : new Set(gateways)) {
      const known = bound.get(gateway);
      if (known === undefined) {
        bound.set(gateway, [virtualService]);
      } else {
        known.push(virtualService);
      }
    }
  }
  return bound;
}

/**
 * A virtual host for each name that both a server and a VirtualService speak of. Several VirtualServices for one name
 * are put one after another, and what takes everything is moved behind the rest, so that an older one of that kind
 * does not hide a younger one's rules.
 */
function lowerVirtualHosts(
  port: number,
  servers: readonly GatewayServer[],
  bound: ReadonlyMap<string, readonly VirtualService[]>,
  lowering: GatheringContext,
): VirtualHost[] {
  const routesByHost = new Map<string, readonly Route[] | Set<Route>>();
  const omittedByHost = new Map<string, Set<Omission>>();
  const redirected = new Set<string>();
  const lowered = new Map<string, Map<VirtualService, LoweredRoutes>>();
  for (const { gateway, gatewayName, server } of servers) {
    const hosts = new ServerHosts(server.hosts, gateway.namespace);
    if (redirectsToHttps(server)) {
      // Whether or not there are rules for them.
      for (const host of serverNamesOf(server)) {
        redirected.add(host);
      }
    }
    for (const virtualService of bound.get(gatewayName) ?? []) {
      const names = hosts.intersect(virtualService);
      if (names.length === 0) {
        continue;
      }
      let ofGateway = lowered.get(gatewayName);
      // A single server meets each of them once.
      if (ofGateway === undefined && servers.length > 1) {
        ofGateway = new Map();
        lowered.set(gatewayName, ofGateway);
      }
      let atGateway = ofGateway?.get(virtualService);
      if (atGateway === undefined) {
        const site = { gateway: gatewayName, port, tls: server.tls !== undefined };
        atGateway = lowerHttpRoutes(virtualService, site, lowering);
        lowering.effects.add(atGateway.effects);
        ofGateway?.set(virtualService, atGateway);
        lowering.onLowered?.();
      }
      const { routes, omitted } = atGateway;
      if (routes.length === 0) {
        continue;
      }
      for (const name of names) {
        if (redirectsToHttps(server)) {
          redirected.add(name);
        }
        if (omitted.length > 0) {
          const all = omittedByHost.get(name) ?? new Set();
          omittedByHost.set(name, all);
          for (const omission of omitted) {
            all.add(omission);
          }
        }
        const known = routesByHost.get(name);
        if (known === undefined) {
          routesByHost.set(name, routes);
        } else if (known !== routes) {
          // A set, since two servers of a Gateway may bring the same routes to the same host.
          const all = known instanceof Set ? known : new Set(known);
          for (const route of routes) {
            all.add(route);
          }
          routesByHost.set(name, all);
        }
      }
    }
  }
  for (const host of redirected) {
    routesByHost.set(host, TO_HTTPS);
    omittedByHost.delete(host);
  }
  return [...routesByHost]
    .map(([host, found]) => {
      const omitted = omittedByHost.get(host);
      if (!(found instanceof Set) && omitted === undefined && found !== TO_HTTPS) {
        return plainVirtualHost(host, port, found, lowering.cache);
      }
      // Of one VirtualService, nothing stands behind what takes everything.
      const routes = found instanceof Set ? catchAllLast([...found]) : found;
      return {
        name: `${host}:${port}`,
        domains: [host],
        routes,
        ...omissions([...(omitted ?? [])], routes),
        ...(found === TO_HTTPS && { requireTls: true as const }),
      };
    })
    .sort((a, b) => compareStrings(a.name, b.name));
}

/** The same object as the last time, for as long as its routes are. */
function plainVirtualHost(
  host: string,
  port: number,
  routes: readonly Route[],
  { virtualHosts }: LoweringCache,
): VirtualHost {
  let known = virtualHosts.get(routes);
  if (known === undefined) {
    known = [];
    virtualHosts.set(routes, known);
  }
  let virtualHost = known.find(({ domains }) => domains[0] === host);
  if (virtualHost === undefined) {
    virtualHost = { name: `${host}:${port}`, domains: [host], routes };
    known.push(virtualHost);
  }
  return virtualHost;
}

/** Who came over TLS is where `httpsRedirect` wants all to be. */
function redirectsToHttps({ port, tls }: Server): boolean {
  return tls?.httpsRedirect === true && isPlainHttp(port.protocol);
}

/** What a server with `httpsRedirect` answers, whatever is asked and however. */
const TO_HTTPS: readonly Route[] = [
  {
    name: "",
    match: { headers: [], queryParams: [] },
    action: { kind: "redirect", status: 301, scheme: "https", keepPort: true },
  },
];

function catchAllLast(routes: readonly Route[]): Route[] {
  return [
    ...routes.filter(({ match }) => !isCatchAll(match)),
    ...routes.filter(({ match }) => isCatchAll(match)),
  ];
}
