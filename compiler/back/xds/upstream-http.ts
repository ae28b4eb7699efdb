/** What is spoken to a cluster's endpoints, and how long a connection to one lives. */

import type { Cluster, Http2Settings } from "../../ir/ir.ts";
import { type Http1ProtocolOptions, KEEPING_CASE } from "./header-case.ts";
import { duration, type TypedConfig, typed } from "./protobuf.ts";

/** `envoy.extensions.upstreams.http.v3.HttpProtocolOptions` */
export interface HttpProtocolOptions {
  readonly common_http_protocol_options?: {
    readonly idle_timeout?: string;
    readonly max_connection_duration?: string;
    readonly max_requests_per_connection?: number;
  };
  /** Names for TLS, from the request's host. */
  readonly upstream_http_protocol_options?: {
    readonly auto_sni?: boolean;
    readonly auto_san_validation?: boolean;
  };
  readonly explicit_http_config?:
    | { readonly http_protocol_options: Http1ProtocolOptions }
    | { readonly http2_protocol_options: Http2ProtocolOptions };
  readonly use_downstream_protocol_config?: {
    readonly http_protocol_options: Http1ProtocolOptions;
    readonly http2_protocol_options: object;
  };
  readonly outlier_detection?: {
    readonly error_matcher:
      | StatusPredicate
      | { readonly or_match: { readonly rules: readonly StatusPredicate[] } };
  };
}

/** `envoy.config.core.v3.Http2ProtocolOptions` */
interface Http2ProtocolOptions {
  readonly max_concurrent_streams?: number;
  readonly connection_keepalive?: { readonly interval?: string; readonly timeout: string };
}

/** `envoy.config.common.matcher.v3.MatchPredicate`, for the status of an answer. */
interface StatusPredicate {
  readonly http_response_headers_match: {
    readonly headers: readonly [
      { readonly name: ":status"; readonly string_match: { readonly exact: string } },
    ];
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
  const errors = cluster.outlierDetection?.errorStatuses;
  const names = {
    ...(cluster.tls !== undefined && cluster.tls.sni === undefined && { auto_sni: true }),
    ...(cluster.tls?.verifiesHost && { auto_san_validation: true }),
  };
  const hasNames = Object.keys(names).length > 0;
  if (
    !hasCommon &&
    !hasNames &&
    errors === undefined &&
    !cluster.keepsHeaderCase &&
    (cluster.protocol === "http1" || cluster.protocol === "tcp")
  ) {
    return undefined;
  }
  return typed(HTTP_PROTOCOL_OPTIONS, {
    ...(hasCommon && { common_http_protocol_options: common }),
    ...(hasNames && { upstream_http_protocol_options: names }),
    ...upstreamProtocol(cluster),
    ...(errors && { outlier_detection: { error_matcher: emitErrorMatcher(errors) } }),
  });
}

function emitErrorMatcher(
  statuses: readonly number[],
): NonNullable<HttpProtocolOptions["outlier_detection"]>["error_matcher"] {
  const rules = statuses.map(
    (status): StatusPredicate => ({
      http_response_headers_match: {
        headers: [{ name: ":status", string_match: { exact: String(status) } }],
      },
    }),
  );
  return rules.length === 1 ? rules[0]! : { or_match: { rules } };
}

function upstreamProtocol({
  protocol,
  http2,
  keepsHeaderCase,
}: Cluster): Pick<HttpProtocolOptions, "explicit_http_config" | "use_downstream_protocol_config"> {
  const http1 = keepsHeaderCase ? KEEPING_CASE : {};
  switch (protocol) {
    case "http1":
    case "tcp":
      return { explicit_http_config: { http_protocol_options: http1 } };
    case "http2":
      return { explicit_http_config: { http2_protocol_options: emitHttp2(http2) } };
    case "downstream":
      return { use_downstream_protocol_config: { http_protocol_options: http1, http2_protocol_options: {} } };
  }
}

function emitHttp2({ maxConcurrentStreams, keepalive }: Http2Settings = {}): Http2ProtocolOptions {
  return {
    ...(maxConcurrentStreams !== undefined && { max_concurrent_streams: maxConcurrentStreams }),
    ...(keepalive && {
      connection_keepalive: {
        ...(keepalive.intervalMs !== undefined && { interval: duration(keepalive.intervalMs) }),
        timeout: duration(keepalive.timeoutMs),
      },
    }),
  };
}
