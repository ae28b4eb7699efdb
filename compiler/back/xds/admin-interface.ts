/**
 * Envoy's admin interface. It does not ask who is calling: whoever reaches it can end the proxy, and so can a web page that a
 * browser on the same machine shows, since neither `Host` nor `Origin` is looked at. It is therefore a Unix socket for its owner.
 *
 * What of it is wanted on a port is a listener of Envoy's own that forwards to that socket, and forwards only what is listed
 * here: `--ready-port` whether Envoy serves, `--admin-port` what there is to read.
 */

import type { ProxyOptions } from "../../options.ts";
import { altStatName } from "../stat-names.ts";
import { HTTP_CONNECTION_MANAGER, ROUTER } from "./http-connection-manager.ts";
import { typed } from "./protobuf.ts";
import { bindAddress, type PipeAddress, type SocketAddress, socketAddress } from "./socket-address.ts";

/** The members of `envoy.config.bootstrap.v3.Bootstrap` that make it. */
export interface AdminInterface {
  readonly admin: {
    readonly address: PipeAddress;
    /** `envoy.type.matcher.v3.StringMatcher`, of the path with its query. Envoy 1.36 does not know the field. */
    readonly allow_paths?: readonly { readonly safe_regex: { readonly regex: string } }[];
  };
  readonly static_resources?: { readonly listeners: readonly object[]; readonly clusters: readonly object[] };
}

export interface AdminInterfaceOptions
  extends Pick<ProxyOptions, "adminPort" | "readyPort" | "listenAddress"> {
  /** The path of the socket, in a folder that is there when Envoy starts. */
  readonly socket: string;
  /** An expression (RE2) for the paths that the socket answers, whole and with their queries; absent: all. */
  readonly allowPaths?: string;
}

const OWNER_ONLY = 0o600;
const CLUSTER = "sluice_admin";
const LOOPBACK = "127.0.0.1";
/** By which a program on this machine asks. A page of another site has that site's name there, also when DNS is made to lie. */
const LOOPBACK_NAMES = [LOOPBACK, "localhost"];
/** What a stop hook asks for: connections are told to go, and nothing else happens. */
const DRAINING = ["/drain_listeners", "/healthcheck/fail", "/healthcheck/ok"];
/** For the head of a request; nobody here is slow. */
const HEAD_TIMEOUT = "10s";

export function emitAdminInterface(options: AdminInterfaceOptions): AdminInterface {
  const { socket, allowPaths, adminPort, readyPort, listenAddress } = options;
  const listeners = [
    ...(readyPort === 0 ? [] : [listener("sluice_ready", bindAddress(listenAddress, readyPort), READY)]),
    ...(adminPort === 0 ? [] : [listener("sluice_admin", socketAddress(LOOPBACK, adminPort), READING)]),
  ];
  return {
    admin: {
      address: { pipe: { path: socket, mode: OWNER_ONLY } },
      ...(allowPaths !== undefined && { allow_paths: [{ safe_regex: { regex: allowPaths } }] }),
    },
    ...(listeners.length > 0 && { static_resources: { listeners, clusters: [clusterOf(socket)] } }),
  };
}

const forwarded = { route: { cluster: CLUSTER, timeout: "0s" } };
const method = (regex: string) => ({ name: ":method", string_match: { safe_regex: { regex } } });
const refused = (body: string) => ({
  match: { prefix: "/" },
  direct_response: { status: 403, body: { inline_string: `${body}\n` } },
});

/** Envoy's own word: 200 only when it is live, with its listeners; 503 while it drains. */
const READY = [
  {
    name: "ready",
    domains: ["*"],
    routes: [{ match: { path: "/ready", headers: [method("GET|HEAD")] }, ...forwarded }],
  },
];

const READING = [
  {
    name: "loopback",
    domains: LOOPBACK_NAMES,
    routes: [
      // Whatever changes something has to be posted, which Envoy itself sees to.
      { match: { prefix: "/", headers: [method("GET|HEAD")] }, ...forwarded },
      ...DRAINING.map((path) => ({
        // A page cannot post without saying where it comes from.
        match: { path, headers: [method("POST"), { name: "origin", present_match: false }] },
        ...forwarded,
      })),
      refused("this port is for reading and for draining; the rest is on the admin interface's Unix socket"),
    ],
  },
  { name: "others", domains: ["*"], routes: [refused(`Host must be ${LOOPBACK_NAMES.join(" or ")}`)] },
];

function listener(name: string, address: SocketAddress | PipeAddress, virtualHosts: readonly object[]) {
  const manager = {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: typed(HTTP_CONNECTION_MANAGER, {
      stat_prefix: name,
      request_headers_timeout: HEAD_TIMEOUT,
      route_config: { name, ignore_port_in_host_matching: true, virtual_hosts: virtualHosts },
      http_filters: [ROUTER],
    }),
  };
  // Whoever drains by these ports goes on asking on the same connection, after the listeners are closed.
  return { name, address, drain_type: "MODIFY_ONLY", filter_chains: [{ filters: [manager] }] };
}

function clusterOf(socket: string) {
  const endpoint = { address: { pipe: { path: socket } } };
  return {
    name: CLUSTER,
    alt_stat_name: altStatName(CLUSTER),
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: { cluster_name: CLUSTER, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}
