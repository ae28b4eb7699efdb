/** `Gateway` resources: which of their servers are this proxy's, and the virtual hosts they get. */

import type { Listener, TcpChain } from "../../../ir/ir.ts";
import { perStretch } from "../../../lists/stretches.ts";
import { boundPort } from "../../../options/port-map.ts";
import type { GatewaySpec, Resource, Server } from "../../resources/model.ts";
import { unixSocketPath } from "../../services/unix-sockets.ts";
import type { Effects } from "../context/effects.ts";
import { gathering } from "../context/gathering-context.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { lowerEnvoyHeaders, lowerProxyHeaders } from "../context/proxy-headers.ts";
import type { VirtualService } from "../rules/virtual-services.ts";
import { lowerAutoPassthroughServer } from "./auto-passthrough.ts";
import { lowerGatewayAnnotations } from "./gateway-annotations.ts";
import { type GatewayServer, kindOf, placesOnPorts, serverNamesOf, socketOf } from "./gateway-servers.ts";
import { lowerPassthroughServer, lowerTcpServer } from "./gateway-tcp.ts";
import { ServerHosts } from "./server-hosts.ts";
import { lowerServerTls, terminates } from "./server-tls.ts";
import { lowerProxyProtocol, lowerTopology } from "./topology.ts";
import { lowerVirtualHosts } from "./virtual-hosts.ts";

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
  const { proxyConfig } = lowering;
  const proxyProtocol = lowerProxyProtocol(proxyConfig);
  const listener = (name: string, servers: readonly [GatewayServer, ...GatewayServer[]]): Listener => ({
    name,
    role: "gateway",
    ...(unixSocketPath(servers[0].server.bind) === undefined && {
      servicePort: servers[0].server.port.number,
    }),
    address: addressOf(servers[0].server),
    port: portOf(servers[0].server),
    ...lowerTopology(proxyConfig),
    ...proxyProtocol,
    ...lowerProxyHeaders(proxyConfig),
    ...lowerGatewayAnnotations(servers, lowering),
    routes: {
      ignorePortInHost: true,
      ...lowerEnvoyHeaders(proxyConfig),
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
      ...proxyProtocol,
    };
    if (kind === "autoPassthrough") {
      tcpChains.push(...lowerAutoPassthroughServer(place, serverNames, names.get(socket)!, lowering));
      continue;
    }
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
  for (const ofStretch of boundInStretches(virtualServices)) {
    for (const [gateway, ofGateway] of ofStretch) {
      const known = bound.get(gateway) ?? [];
      bound.set(gateway, known);
      known.push(...ofGateway);
    }
  }
  return bound;
}

const boundInStretches = perStretch((virtualServices: readonly VirtualService[]) => {
  const bound = new Map<string, VirtualService[]>();
  for (const virtualService of virtualServices) {
    for (const gateway of new Set(virtualService.gateways)) {
      const known = bound.get(gateway) ?? [];
      bound.set(gateway, known);
      known.push(virtualService);
    }
  }
  return bound;
});
