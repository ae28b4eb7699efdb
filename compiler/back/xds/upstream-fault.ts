/**
 * A fault that behaves as if an upstream had it. Envoy's fault filter cannot stand behind the router, so requests go to
 * a listener inside of Envoy, a second router's, that has the fault: for the first router its delays and aborts are
 * the upstream's, in every try anew. Between the two nothing about a request or an answer changes.
 */

import type { Cluster, UpstreamFault } from "../../ir/ir.ts";
import { altStatName } from "../stat-names.ts";
import { emitCircuitBreakers } from "./circuit-breakers.ts";
import type { EnvoyCluster } from "./cluster.ts";
import { emitFault, FAULT_FILTER, FAULT_TYPE } from "./fault.ts";
import { emitHashPolicy } from "./hash-policy.ts";
import { HTTP_CONNECTION_MANAGER } from "./http-connection-manager.ts";
import { duration, type Extension, type TypedConfig, typed } from "./protobuf.ts";
import { emitRetryPolicy } from "./retry.ts";
import { HTTP_PROTOCOL_OPTIONS } from "./upstream-http.ts";

/** Must stand in the bootstrap for listeners inside of Envoy to be. */
export const INTERNAL_LISTENERS: Extension = {
  name: "envoy.bootstrap.internal_listener",
  typed_config: typed("envoy.extensions.bootstrap.internal_listener.v3.InternalListener", {}),
};

/** WebSockets are tunnelled through HTTP/2, too. */
const PROTOCOLS = { http_protocol_options: {}, http2_protocol_options: { allow_connect: true } };
/** Never the reason for a failure: it is the same process. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Above what the listener before admits, with what the router has added. */
const MAX_HEADERS_KIB = 96;

/** `envoy.config.cluster.v3.Cluster`, of the one endpoint that is a listener inside of Envoy. */
export type UpstreamFaultCluster = Pick<
  EnvoyCluster,
  "name" | "alt_stat_name" | "connect_timeout" | "circuit_breakers"
>;

/** `envoy.config.listener.v3.Listener`, inside of Envoy: nobody else can reach it. */
export interface UpstreamFaultListener {
  readonly name: string;
  readonly internal_listener: object;
  readonly filter_chains: readonly { readonly name?: string; readonly filters: readonly Extension[] }[];
}

/** The cluster that requests are sent to in place of the upstream's; only retries are limited as that one's are. */
export function emitUpstreamFaultCluster(
  { name }: UpstreamFault,
  target: Cluster | undefined,
): TypedConfig<UpstreamFaultCluster> {
  const maxRetries = target?.limits.maxRetries;
  return typed("envoy.config.cluster.v3.Cluster", {
    name,
    alt_stat_name: altStatName(name),
    type: "STATIC",
    connect_timeout: duration(CONNECT_TIMEOUT_MS),
    circuit_breakers: emitCircuitBreakers(maxRetries === undefined ? {} : { maxRetries }),
    typed_extension_protocol_options: {
      [HTTP_PROTOCOL_OPTIONS]: typed(HTTP_PROTOCOL_OPTIONS, { use_downstream_protocol_config: PROTOCOLS }),
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: [
            { endpoint: { address: { envoy_internal_address: { server_listener_name: name } } } },
          ],
        },
      ],
    },
  });
}

export function emitUpstreamFaultListener({
  name,
  cluster,
  fault,
  retry,
  hash,
}: UpstreamFault): TypedConfig<UpstreamFaultListener> {
  const retryPolicy = emitRetryPolicy(retry);
  const manager = {
    stat_prefix: "upstream_fault",
    codec_type: "AUTO",
    http2_protocol_options: PROTOCOLS.http2_protocol_options,
    max_request_headers_kb: MAX_HEADERS_KIB,
    normalize_path: false,
    use_remote_address: false,
    skip_xff_append: true,
    generate_request_id: false,
    preserve_external_request_id: true,
    server_header_transformation: "PASS_THROUGH",
    stream_idle_timeout: "0s",
    proxy_100_continue: true,
    upgrade_configs: [{ upgrade_type: "websocket" }],
    route_config: {
      name,
      validate_clusters: false,
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [
            {
              match: { prefix: "" },
              route: {
                cluster,
                // The router before it bounds the time, also of gRPC.
                timeout: duration(0),
                ...(retryPolicy && { retry_policy: retryPolicy }),
                ...emitHashPolicy(hash),
              },
            },
          ],
        },
      ],
    },
    http_filters: [
      { name: FAULT_FILTER, typed_config: typed(FAULT_TYPE, emitFault(fault)) },
      {
        name: "envoy.filters.http.router",
        // What it would add the router before has added.
        typed_config: typed("envoy.extensions.filters.http.router.v3.Router", {
          suppress_envoy_headers: true,
        }),
      },
    ],
  };
  return typed("envoy.config.listener.v3.Listener", {
    name,
    internal_listener: {},
    filter_chains: [
      {
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            typed_config: typed(HTTP_CONNECTION_MANAGER, manager),
          },
        ],
      },
    ],
  });
}
