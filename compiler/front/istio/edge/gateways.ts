/** `Gateway` resources: which of their servers are this proxy's, and the virtual hosts they get. */

import { nearest } from "../../../diagnostics/nearest.ts";
import type { Listener, Route, TcpChain, VirtualHost } from "../../../ir/ir.ts";
import { compareStrings } from "../../../ir/text.ts";
import type { GatewaySpec, Resource, ResourceSet, Server } from "../../resources/model.ts";
import { covers, isWildcard } from "../../services/host-names.ts";
import { formatLabels, selects } from "../../services/labels.ts";
import { byAge } from "../../services/order.ts";
import { didYouMean } from "../../services/report.ts";
import { unixSocketPath } from "../../services/unix-sockets.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { isInternalGateway, MESH } from "../rules/gateway-names.ts";
import { lowerHttpRoutes } from "../rules/http-routes.ts";
import { isCatchAll } from "../rules/route-match.ts";
import type { VirtualService } from "../rules/virtual-services.ts";
import { isPlainHttp } from "../unsupported.ts";
import { type GatewayServer, kindOf, placesOnPorts, serverNamesOf, socketOf } from "./gateway-servers.ts";
import { lowerPassthroughServer, lowerTcpServer } from "./gateway-tcp.ts";
import { lowerServerTls, terminates } from "./server-tls.ts";

/** The Gateways that select this proxy, the oldest first. A selector that is missing or empty selects every proxy. */
export function selectedGateways(
  { gateways }: ResourceSet,
  lowering: LoweringContext,
): Resource<GatewaySpec>[] {
  const { proxyLabels } = lowering.options;
  return [...gateways].sort(byAge).filter((gateway) => {
    const selector = gateway.spec.selector ?? {};
    const selected = selects(selector, proxyLabels);
    if (!selected && !lowering.workloads.anyPodHas(selector)) {
      lowering.report(
        "SL0405",
        `this Gateway selects ${formatLabels(selector)}, which nobody has; the labels of this proxy are ${formatLabels(proxyLabels)}`,
        gateway.spanOf(["spec", "selector"]),
        () => ({ help: selectorHelp(selector, proxyLabels) }),
      );
    }
    return selected;
  });
}

function selectorHelp(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): string {
  const [key, value = ""] = Object.entries(selector).find(([name, wanted]) => labels[name] !== wanted) ?? [
    "",
  ];
  const known = Object.entries(labels).map(([name, label]) => `${name}=${label}`);
  const near = nearest(`${key}=${value}`, known);
  const meant = near === undefined ? "" : `Did you mean ${near.replace("=", ": ")}? `;
  return `${meant}To run a proxy that it selects, pass --proxy-labels ${formatLabels(selector)}.`;
}

/** One listener for each port; servers of several Gateways on one port share it. */
export function lowerGateways(
  gateways: readonly Resource<GatewaySpec>[],
  virtualServices: readonly VirtualService[],
  lowering: LoweringContext,
): { readonly listeners: readonly Listener[]; readonly tcpChains: readonly TcpChain[] } {
  const servers = gateways.flatMap((gateway) =>
    (gateway.spec.servers ?? []).map((server, index) => ({
      gateway,
      gatewayName: `${gateway.namespace}/${gateway.name}`,
      server,
      index,
    })),
  );
  const bound = bindToGateways(virtualServices);
  const served = new Served();
  const { listenAddress, portMap } = lowering.options;
  const addressOf = ({ bind }: Server) => {
    const socket = unixSocketPath(bind);
    return socket === undefined ? bind || listenAddress : `unix:${socket}`;
  };
  const portOf = ({ bind, port }: Server) =>
    unixSocketPath(bind) === undefined ? (portMap.get(port.number) ?? port.number) : 0;
  const listener = (name: string, servers: readonly [GatewayServer, ...GatewayServer[]]): Listener => ({
    name,
    role: "gateway",
    ...(unixSocketPath(servers[0].server.bind) === undefined && {
      servicePort: servers[0].server.port.number,
    }),
    address: addressOf(servers[0].server),
    port: portOf(servers[0].server),
    // istiod asks the first server of a port.
    ...(servers[0].server.port.protocol.toUpperCase() === "GRPC-WEB" && { grpcWeb: true }),
    routes: {
      ignorePortInHost: true,
      virtualHosts: lowerVirtualHosts(servers[0].server.port.number, servers, bound, served, lowering),
    },
  });
  const { plain, tls, tcp, names } = placesOnPorts(servers, lowering.report);
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
      ? lowerServerTls({ gateway, index, tls: server.tls!, serverNames }, lowering.credentials)
      : undefined;
    if (terminates(server.tls) && serverTls === undefined) {
      continue;
    }
    if (kind === "https") {
      listeners.push({ ...listener(label, [one]), tls: serverTls! });
      continue;
    }
    const hosts = new ServerHosts(server, gateway.namespace);
    const ruling = (bound.get(gatewayName) ?? []).filter(
      (virtualService) => hosts.intersect(virtualService).length > 0,
    );
    for (const virtualService of ruling) {
      served.add(gatewayName, virtualService);
    }
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
  reportUnserved(gateways, bound, served, lowering);
  return { listeners, tcpChains };
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
  served: Served,
  lowering: LoweringContext,
): VirtualHost[] {
  const routesByHost = new Map<string, readonly Route[] | Set<Route>>();
  const redirected = new Set<string>();
  const lowered = new Map<string, Map<VirtualService, readonly Route[]>>();
  for (const { gateway, gatewayName, server } of servers) {
    const hosts = new ServerHosts(server, gateway.namespace);
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
      served.add(gatewayName, virtualService);
      let ofGateway = lowered.get(gatewayName);
      if (ofGateway === undefined) {
        ofGateway = new Map();
        lowered.set(gatewayName, ofGateway);
      }
      let routes = ofGateway.get(virtualService);
      if (routes === undefined) {
        routes = lowerHttpRoutes(virtualService, { gateway: gatewayName, port }, lowering);
        ofGateway.set(virtualService, routes);
        lowering.onLowered?.();
      }
      if (routes.length === 0) {
        continue;
      }
      for (const name of names) {
        if (redirectsToHttps(server)) {
          redirected.add(name);
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
  }
  return [...routesByHost]
    .map(([host, routes]) => ({
      name: `${host}:${port}`,
      domains: [host],
      // Of one VirtualService, nothing stands behind what takes everything.
      routes: routes instanceof Set ? catchAllLast([...routes]) : routes,
      ...(routes === TO_HTTPS && { requireTls: true as const }),
    }))
    .sort((a, b) => compareStrings(a.name, b.name));
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

/** The VirtualServices that have a host in common with a server of a Gateway that they name. */
class Served {
  readonly #byGateway = new Map<string, Set<VirtualService>>();

  add(gatewayName: string, virtualService: VirtualService): void {
    const known = this.#byGateway.get(gatewayName);
    if (known === undefined) {
      this.#byGateway.set(gatewayName, new Set([virtualService]));
    } else {
      known.add(virtualService);
    }
  }

  has(gatewayName: string, virtualService: VirtualService): boolean {
    return this.#byGateway.get(gatewayName)?.has(virtualService) === true;
  }
}

/** The hosts of a server, by the namespace whose VirtualServices they admit. */
class ServerHosts {
  readonly #hosts: readonly { readonly namespace: string; readonly host: string }[];
  readonly #byNamespace = new Map<string, { exact: Set<string>; wildcards: string[] }>();

  constructor({ hosts }: Server, ownNamespace: string) {
    this.#hosts = hosts.map((entry) => {
      const slash = entry.indexOf("/");
      const namespace = slash < 0 ? "*" : entry.slice(0, slash);
      return {
        namespace: namespace === "." ? ownNamespace : namespace,
        host: entry.slice(slash + 1).toLowerCase(),
      };
    });
  }

  /** The narrower of each pair of names that overlap. */
  intersect({ hosts, resource }: VirtualService): readonly string[] {
    const { exact, wildcards } = this.#admitting(resource.namespace);
    const only = hosts.length === 1 ? hosts[0]! : "*";
    if (!isWildcard(only)) {
      // Nearly all are of this kind, and there may be many.
      return exact.has(only) || wildcards.some((wildcard) => covers(wildcard, only)) ? hosts : [];
    }
    const names = new Set<string>();
    for (const host of hosts) {
      if (exact.has(host) || wildcards.some((wildcard) => covers(wildcard, host))) {
        names.add(host);
      } else if (isWildcard(host)) {
        for (const narrower of [...exact, ...wildcards].filter((own) => covers(host, own))) {
          names.add(narrower);
        }
      }
    }
    return [...names];
  }

  #admitting(namespace: string): { exact: Set<string>; wildcards: string[] } {
    let admitted = this.#byNamespace.get(namespace);
    if (admitted === undefined) {
      const hosts = this.#hosts
        .filter((entry) => entry.namespace === "*" || entry.namespace === namespace)
        .map(({ host }) => host);
      admitted = {
        exact: new Set(hosts.filter((host) => !isWildcard(host))),
        wildcards: hosts.filter(isWildcard),
      };
      this.#byNamespace.set(namespace, admitted);
    }
    return admitted;
  }
}

/** A VirtualService that names a Gateway none of whose servers has its hosts is never asked. */
function reportUnserved(
  gateways: readonly Resource<GatewaySpec>[],
  bound: ReadonlyMap<string, readonly VirtualService[]>,
  served: Served,
  { report }: LoweringContext,
): void {
  for (const gateway of gateways) {
    const gatewayName = `${gateway.namespace}/${gateway.name}`;
    if (gateway.spec.servers?.every((server) => kindOf(server) === undefined)) {
      continue;
    }
    for (const virtualService of bound.get(gatewayName) ?? []) {
      if (!served.has(gatewayName, virtualService)) {
        report(
          "SL0408",
          `none of these hosts is served by Gateway ${gatewayName}`,
          virtualService.resource.spanOf(["spec", "hosts"]),
          () => ({ related: [{ message: "its servers", span: gateway.spanOf(["spec", "servers"]) }] }),
        );
      }
    }
  }
}

/** Names of Gateways that are none. */
export function reportUnknownGateways(
  { gateways, neighbours }: ResourceSet,
  virtualServices: readonly VirtualService[],
  { report }: LoweringContext,
): void {
  // Those of Kubernetes are not ours to serve, but they exist.
  const ofKubernetes = neighbours.filter(({ kind }) => kind === "Gateway");
  const known = new Set([...gateways, ...ofKubernetes].map(({ namespace, name }) => `${namespace}/${name}`));
  for (const { resource, gateways: names } of virtualServices) {
    for (const [index, name] of names.entries()) {
      if (name !== MESH && !known.has(name) && !isInternalGateway(name)) {
        report("SL0404", `there is no Gateway ${name}`, resource.spanOf(["spec", "gateways", index]), () =>
          didYouMean(nearest(name, known)),
        );
      }
    }
  }
}
