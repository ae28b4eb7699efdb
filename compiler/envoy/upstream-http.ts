/** What is spoken to a cluster's endpoints, and how long a connection to one lives. */

import type { Cluster } from "../ir/ir.ts";
import { duration, type TypedConfig, typed } from "./protobuf.ts";

/** `envoy.extensions.upstreams.http.v3.HttpProtocolOptions` */
export interface HttpProtocolOptions {
  readonly common_http_protocol_options?: {
    readonly idle_timeout?: string;
    readonly max_connection_duration?: string;
    readonly max_requests_per_connection?: number;
  };
  readonly explicit_http_config?:
    | { readonly http_protocol_options: object }
    | { readonly http2_protocol_options: object };
  readonly use_downstream_protocol_config?: {
    readonly http_protocol_options: object;
    readonly http2_protocol_options: object;
  };
}

/** Name under which a cluster carries these options. */
export const HTTP_PROTOCOL_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** `undefined` where Envoy's defaults are what is wanted. */
export function emitHttpProtocolOptions(cluster: Cluster): TypedConfig<HttpProtocolOptions> | undefined {
  const common = {
    ...(cluster.idleTimeoutMs !== undefined && { idle_timeout: duration(cluster.idleTimeoutMs) }),
    ...(cluster.maxConnectionDurationMs !== undefined && {
      max_connection_duration: duration(cluster.maxConnectionDurationMs),
    }),
    ...(cluster.maxRequestsPerConnection && {
      max_requests_per_connection: cluster.maxRequestsPerConnection,
    }),
  };
  const hasCommon = Object.keys(common).length > 0;
  if (!hasCommon && (cluster.protocol === "http1" || cluster.protocol === "tcp")) {
    return undefined;
  }
  return typed(HTTP_PROTOCOL_OPTIONS, {
    ...(hasCommon && { common_http_protocol_options: common }),
    ...upstreamProtocol(cluster.protocol),
  });
}

function upstreamProtocol(
  protocol: Cluster["protocol"],
): Pick<HttpProtocolOptions, "explicit_http_config" | "use_downstream_protocol_config"> {
  switch (protocol) {
    case "http1":
    case "tcp":
      return { explicit_http_config: { http_protocol_options: {} } };
    case "http2":
      return { explicit_http_config: { http2_protocol_options: {} } };
    case "downstream":
      return { use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} } };
  }
}
