/** The servers of Gateways: what each does with its connections, and which of them share a socket. */

import type { GatewaySpec, Resource, Server } from "../../resources/model.ts";
import type { Report } from "../../services/report.ts";
import { unixSocketPath } from "../../services/unix-sockets.ts";
import { isHttps, isPlainHttp } from "./server-protocols.ts";
import { terminates } from "./server-tls.ts";

/** A server of a selected Gateway. */
export interface GatewayServer {
  readonly gateway: Resource<GatewaySpec>;
  /** `namespace/name` */
  readonly gatewayName: string;
  readonly server: Server;
  readonly index: number;
}

type ServerKind = "plain" | "https" | "tls" | "passthrough" | "autoPassthrough" | "tcp";

/** What a server does with its connections; undefined for what is refused elsewhere. */
export function kindOf({ port, tls }: Server): ServerKind | undefined {
  if (isPlainHttp(port.protocol)) {
    return "plain";
  }
  if (terminates(tls)) {
    return isHttps(port.protocol) ? "https" : "tls";
  }
  const isTls = isHttps(port.protocol) || port.protocol.toUpperCase() === "TLS";
  if (!isTls) {
    return tls === undefined ? "tcp" : undefined;
  }
  return tls?.mode === "AUTO_PASSTHROUGH" ? "autoPassthrough" : "passthrough";
}

/** What a server binds: those of one port share it, but for an address of their own. Part of a file's name. */
export function socketOf(server: Server): string {
  const { port, bind } = server;
  const socket = unixSocketPath(bind);
  if (socket !== undefined) {
    return encodeURIComponent(socket);
  }
  return bind ? `${port.number}_${bind}` : String(port.number);
}

/**
 * Which servers share a listener in plain text, which have TLS, and which are for any TCP. A socket is one of these,
 * as the oldest of its servers has it; TCP has one server. Of two servers with `tls` that have a host in common, istiod
 * leaves out the younger as a whole, one that only redirects too; and what ends TLS here cannot share a name at all.
 */
export function placesOnPorts(servers: readonly GatewayServer[], report: Report) {
  const plain = new Map<string, [GatewayServer, ...GatewayServer[]]>();
  const tls: GatewayServer[] = [];
  const tcp: GatewayServer[] = [];
  const usage = new Map<string, string>();
  /** By socket, the names that are asked for, and for whom. */
  const names = new Map<string, Map<string, object>>();
  const hostsWithTls = new Map<string, Set<string>>();
  for (const one of servers) {
    const { gateway, server, index } = one;
    const socket = socketOf(server);
    const { number } = server.port;
    const kind = kindOf(server);
    if (kind === undefined) {
      continue;
    }
    const refuse = (why: string) =>
      report("SL0443", `${why}; this server is ignored`, gateway.spanOf(["spec", "servers", index]));
    const wanted = USAGES[kind];
    if (server.tls !== undefined) {
      const taken = hostsWithTls.get(socket) ?? new Set<string>();
      const hosts = admittedHosts(server, gateway.namespace);
      const twice = hosts.find((host) => taken.has(host));
      if (twice !== undefined) {
        refuse(`an older server with tls on port ${number} already has the host "${twice}"`);
        continue;
      }
      for (const host of hosts) {
        taken.add(host);
      }
      hostsWithTls.set(socket, taken);
    }
    const used = usage.get(socket) ?? wanted;
    usage.set(socket, used);
    if (used !== wanted || (kind === "tcp" && tcp.some((other) => socketOf(other.server) === socket))) {
      refuse(`port ${number} is already used for ${used}`);
    } else if (kind === "plain") {
      addTo(plain, socket, one);
    } else if (kind === "tcp") {
      tcp.push(one);
    } else if (kind === "passthrough" || kind === "autoPassthrough") {
      // Its rules, or the services of the mesh, say which names are asked for.
      names.set(socket, names.get(socket) ?? new Map());
      tls.push(one);
    } else {
      const taken = names.get(socket) ?? new Map<string, object>();
      const wantedNames = serverNamesOf(server);
      const twice = wantedNames.find((name) => taken.has(name));
      if (twice !== undefined) {
        refuse(`port ${number} already serves "${twice}" with TLS`);
        continue;
      }
      for (const name of wantedNames) {
        taken.set(name, one);
      }
      names.set(socket, taken);
      tls.push(one);
    }
  }
  return { plain, tls, tcp, names };
}

function addTo(
  plain: Map<string, [GatewayServer, ...GatewayServer[]]>,
  socket: string,
  one: GatewayServer,
): void {
  const sharing = plain.get(socket);
  if (sharing === undefined) {
    plain.set(socket, [one]);
  } else {
    sharing.push(one);
  }
}

const USAGES: Readonly<Record<ServerKind, string>> = {
  plain: "plain text",
  https: "TLS",
  tls: "TLS",
  passthrough: "TLS",
  autoPassthrough: "TLS",
  tcp: "TCP",
};

/** The hosts with the namespaces that they admit, each written in one way. */
function admittedHosts({ hosts }: Server, ownNamespace: string): string[] {
  return hosts.map((host) => host.toLowerCase().replace(/^\.\//, `${ownNamespace}/`).replace(/^\*\//, ""));
}

/** What clients ask for: the hosts without the namespaces that they admit. */
export function serverNamesOf({ hosts }: Server): string[] {
  return [...new Set(hosts.map((host) => host.slice(host.indexOf("/") + 1).toLowerCase()))];
}
