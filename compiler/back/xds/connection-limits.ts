/** What clients may cost, as Envoy's listeners, filter chains and connection managers have it. */

import type { HttpLimits, SocketLimits } from "../../ir/connection-limits.ts";
import type { Listener } from "../../ir/ir.ts";
import { duration, type Extension, typed } from "./protobuf.ts";

/** Of `HttpConnectionManager`. */
export interface ManagerLimits {
  readonly common_http_protocol_options?: CommonHttpOptions;
  readonly http2_protocol_options?: Http2Options;
  readonly stream_idle_timeout: string;
  readonly stream_flush_timeout?: string;
  readonly request_timeout?: string;
  readonly request_headers_timeout?: string;
  readonly drain_timeout?: string;
}

/** `envoy.config.core.v3.HttpProtocolOptions` */
interface CommonHttpOptions {
  readonly idle_timeout?: string;
  readonly max_connection_duration?: string;
  readonly max_stream_duration?: string;
  readonly headers_with_underscores_action?: "REJECT_REQUEST" | "DROP_HEADER";
}

/** `envoy.config.core.v3.Http2ProtocolOptions` */
interface Http2Options {
  readonly max_concurrent_streams?: number;
  readonly initial_stream_window_size?: number;
  readonly initial_connection_window_size?: number;
}

export function emitManagerLimits({ limits = {}, underscores }: Listener): ManagerLimits {
  const common: CommonHttpOptions = {
    ...time("idle_timeout", limits.idleTimeoutMs),
    ...time("max_connection_duration", limits.maxConnectionDurationMs),
    ...time("max_stream_duration", limits.maxStreamDurationMs),
    ...(underscores && {
      headers_with_underscores_action: underscores === "reject" ? "REJECT_REQUEST" : "DROP_HEADER",
    }),
  };
  return {
    ...(Object.keys(common).length > 0 && { common_http_protocol_options: common }),
    ...(limits.http2 && { http2_protocol_options: emitHttp2(limits.http2) }),
    // Unless somebody says so, a stream may be silent for as long as its rule's timeout allows.
    stream_idle_timeout: duration(limits.streamIdleTimeoutMs ?? 0),
    ...time("stream_flush_timeout", limits.flushTimeoutMs),
    ...time("request_timeout", limits.requestTimeoutMs),
    ...time("request_headers_timeout", limits.requestHeadersTimeoutMs),
    ...time("drain_timeout", limits.drainTimeoutMs),
  };
}

function emitHttp2(http2: NonNullable<HttpLimits["http2"]>): Http2Options {
  const { maxConcurrentStreams, streamWindowBytes, connectionWindowBytes } = http2;
  return {
    ...(maxConcurrentStreams !== undefined && { max_concurrent_streams: maxConcurrentStreams }),
    ...(streamWindowBytes !== undefined && { initial_stream_window_size: streamWindowBytes }),
    ...(connectionWindowBytes !== undefined && { initial_connection_window_size: connectionWindowBytes }),
  };
}

function time<Name extends string>(name: Name, ms: number | undefined): { readonly [N in Name]?: string } {
  return ms === undefined ? {} : ({ [name]: duration(ms) } as { readonly [N in Name]: string });
}

/** The first filter of a chain. `name` is what its statistics are called. */
export function connectionLimitFilters(name: string, { maxConnections }: SocketLimits): readonly Extension[] {
  return maxConnections === undefined
    ? []
    : [
        {
          name: "envoy.filters.network.connection_limit",
          typed_config: typed("envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit", {
            stat_prefix: name,
            max_connections: maxConnections,
          }),
        },
      ];
}

/** Of `VirtualHost`: else no more of a body is kept for a retry than a buffer of its connection holds. */
export interface BodyLimit {
  readonly request_body_buffer_limit?: number;
}

export function emitBodyLimit({ limits = {} }: Pick<Listener, "limits">): BodyLimit {
  return limits.retriedBodyBytes === undefined ? {} : { request_body_buffer_limit: limits.retriedBodyBytes };
}
