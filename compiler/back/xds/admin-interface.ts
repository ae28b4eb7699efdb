/**
 * Envoy's admin interface. It does not ask who is calling: whoever reaches it can end the proxy, and so can a web page that a
 * browser on the same machine shows, since neither `Host` nor `Origin` is looked at. It is therefore a Unix socket for its owner.
 *
 * What of it is wanted on a port is a listener of Envoy's own that forwards to that socket, and forwards only what is listed
 * here: `--ready-port` whether Envoy serves, `--metrics-port` its statistics, `--admin-port` what there is to read.
 */

import type { ProxyOptions } from "../../options.ts";
import { altStatName } from "../stat-names.ts";
import { HTTP_CONNECTION_MANAGER, ROUTER } from "./http-connection-manager.ts";
import { type Extension, typed } from "./protobuf.ts";
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
  extends Pick<ProxyOptions, "adminPort" | "readyPort" | "metricsPort" | "listenAddress"> {
  /** The path of the socket, in a folder that is there when Envoy starts. */
  readonly socket: string;
  /** An expression (RE2) for the paths that the socket answers, whole and with their queries; absent: all. */
  readonly allowPaths?: string;
}

const OWNER_ONLY = 0o600;
const CLUSTER = "sluice_admin";
const METRICS = "sluice_metrics";
const LOOPBACK = "127.0.0.1";
/** By which a program on this machine asks. A page of another site has that site's name there, also when DNS is made to lie. */
const LOOPBACK_NAMES = [LOOPBACK, "localhost"];
/** What a stop hook asks for: connections are told to go, and nothing else happens. */
const DRAINING = ["/drain_listeners", "/healthcheck/fail", "/healthcheck/ok"];
/** For the head of a request; nobody here is slow. */
const HEAD_TIMEOUT = "10s";
/** What is waited for at most, which is as long as Prometheus itself waits for a scrape. */
const SCRAPE_TIMEOUT = "10s";
/** Prometheus, its twin, and somebody who looks. A scrape stands in Envoy's memory as a whole until it is read. */
const SCRAPES = { at_once: 2, waiting: 8 };
const METRICS_CONNECTIONS = 32;

export function emitAdminInterface(options: AdminInterfaceOptions): AdminInterface {
  const { socket, allowPaths, adminPort, readyPort, metricsPort, listenAddress } = options;
  const listeners = [
    ...(readyPort === 0 ? [] : [listener("sluice_ready", bindAddress(listenAddress, readyPort), READY)]),
    ...(metricsPort === 0 ? [] : [metricsListener(bindAddress(listenAddress, metricsPort))]),
    ...(adminPort === 0 ? [] : [listener("sluice_admin", socketAddress(LOOPBACK, adminPort), READING)]),
  ];
  return {
    admin: {
      address: { pipe: { path: socket, mode: OWNER_ONLY } },
      ...(allowPaths !== undefined && { allow_paths: [{ safe_regex: { regex: allowPaths } }] }),
    },
    ...(listeners.length > 0 && { static_resources: { listeners, clusters: clustersOf(socket, options) } }),
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

/**
 * What was counted at least once, in Prometheus' format: the rest of a thousand clusters would be as much again, all zeros. A
 * query would choose other formats and other statistics, so there must be none.
 */
const STATISTICS = [
  {
    name: "metrics",
    domains: ["*"],
    routes: ["/metrics", "/stats/prometheus"].map((path) => ({
      match: { path, headers: [method("GET|HEAD"), { name: ":path", string_match: { exact: path } }] },
      route: {
        cluster: METRICS,
        timeout: SCRAPE_TIMEOUT,
        prefix_rewrite: "/stats/prometheus?usedonly",
      },
    })),
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

function metricsListener(address: SocketAddress | PipeAddress) {
  const name = METRICS;
  return listener(name, address, STATISTICS, {
    // Whoever asks and does not read is let go of.
    manager: { stream_idle_timeout: SCRAPE_TIMEOUT },
    before: [
      {
        name: "envoy.filters.network.connection_limit",
        typed_config: typed("envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit", {
          stat_prefix: name,
          max_connections: METRICS_CONNECTIONS,
        }),
      },
    ],
  });
}

function listener(
  name: string,
  address: SocketAddress | PipeAddress,
  virtualHosts: readonly object[],
  { manager: more = {}, before = [] }: { manager?: object; before?: readonly Extension[] } = {},
) {
  const manager = {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: typed(HTTP_CONNECTION_MANAGER, {
      stat_prefix: name,
      request_headers_timeout: HEAD_TIMEOUT,
      ...more,
      route_config: { name, ignore_port_in_host_matching: true, virtual_hosts: virtualHosts },
      http_filters: [ROUTER],
    }),
  };
  return {
    name,
    // Without it, statistics are named after the address.
    stat_prefix: name,
    address,
    // Whoever drains by these ports goes on asking on the same connection, after the listeners are closed.
    drain_type: "MODIFY_ONLY",
    // Whoever looks after an Envoy has to see it when its clients have taken all that it has.
    bypass_overload_manager: true,
    ignore_global_conn_limit: true,
    filter_chains: [{ filters: [...before, manager] }],
  };
}

/** Scrapes have one of their own, so that many of them keep nobody from asking whether Envoy is ready. */
function clustersOf(
  socket: string,
  { adminPort, readyPort, metricsPort }: AdminInterfaceOptions,
): readonly object[] {
  return [
    ...(adminPort === 0 && readyPort === 0 ? [] : [clusterOf(CLUSTER, socket)]),
    ...(metricsPort === 0
      ? []
      : [
          {
            ...clusterOf(METRICS, socket),
            circuit_breakers: {
              thresholds: [
                { max_connections: SCRAPES.at_once, max_pending_requests: SCRAPES.waiting, max_retries: 0 },
              ],
            },
          },
        ]),
  ];
}

function clusterOf(name: string, socket: string) {
  const endpoint = { address: { pipe: { path: socket } } };
  return {
    name,
    alt_stat_name: altStatName(name),
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}
