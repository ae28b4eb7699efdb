/** One Envoy listener: a socket and, on it, HTTP connection managers, of which TLS clients choose one by name. */

import {
  type ChainMatch,
  chainMatch,
  type FilterChain,
  hasNames,
  hasRanges,
  listenerName,
  readsHttp,
  type Sharing,
  sniffs,
} from "../../ir/filter-chains.ts";
import type { Listener } from "../../ir/ir.ts";
import { connectionLimitFilters } from "./connection-limits.ts";
import { emitHttpConnectionManager, type HttpConnectionManager } from "./http-connection-manager.ts";
import type { EmitContext } from "./options.ts";
import { duration, type Extension, type TypedConfig, typed } from "./protobuf.ts";
import { bindAddress, type PipeAddress, type SocketAddress } from "./socket-address.ts";
import { emitTcpFilters } from "./tcp-proxy.ts";
import { emitServerTls } from "./tls.ts";

/** `envoy.config.listener.v3.Listener` */
export interface EnvoyListener {
  readonly name: string;
  readonly stat_prefix: string;
  readonly traffic_direction: "OUTBOUND";
  readonly address: SocketAddress | PipeAddress;
  /** Absent: true. */
  readonly bind_to_port?: boolean;
  /** Of a UDP socket. */
  readonly udp_listener_config?: object;
  readonly listener_filters?: readonly Extension[];
  readonly listener_filters_timeout?: string;
  readonly continue_on_listener_filters_timeout?: boolean;
  readonly per_connection_buffer_limit_bytes?: number;
  readonly filter_chains: readonly EnvoyFilterChain[];
}

/** `envoy.config.listener.v3.FilterChain` */
export interface EnvoyFilterChain {
  readonly name?: string;
  readonly filter_chain_match?: FilterChainMatch;
  readonly filters: readonly (Extension<HttpConnectionManager> | Extension)[];
  readonly transport_socket?: Extension;
  readonly transport_socket_connect_timeout?: string;
}

/** `envoy.config.listener.v3.FilterChainMatch` */
interface FilterChainMatch {
  readonly prefix_ranges?: readonly { readonly address_prefix: string; readonly prefix_len: number }[];
  readonly server_names?: readonly string[];
  readonly application_protocols?: readonly string[];
}

/** Reads who connects, of a header that must be there, and takes it away. */
const PROXY_PROTOCOL: Extension = {
  name: "envoy.filters.listener.proxy_protocol",
  typed_config: typed("envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol", {}),
};

/** Reads what a client asks for before TLS begins. */
const TLS_INSPECTOR: Extension = {
  name: "envoy.filters.listener.tls_inspector",
  typed_config: typed("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector", {}),
};

/** Tells HTTP by its first bytes. */
const HTTP_INSPECTOR: Extension = {
  name: "envoy.filters.listener.http_inspector",
  typed_config: typed("envoy.extensions.filters.listener.http_inspector.v3.HttpInspector", {}),
};

/** Knows whom a redirected connection was for. */
const ORIGINAL_DESTINATION: Extension = {
  name: "envoy.filters.listener.original_dst",
  typed_config: typed("envoy.extensions.filters.listener.original_dst.v3.OriginalDst", {}),
};

export function emitListener(
  sharing: Sharing,
  isForwardProxy: (listener: Listener) => boolean,
  context: EmitContext,
): TypedConfig<EnvoyListener> {
  const [first] = sharing as [FilterChain];
  const readsNames = sharing.some(hasNames);
  const name = listenerName(sharing);
  const isSniffed = sniffs(sharing);
  // What is said of a socket is said of all that share it.
  const { bufferBytes } = first.limits ?? {};
  const inspectors = [
    // Before the others: what they look at stands behind it.
    ...(sharing.some(({ proxyProtocol }) => proxyProtocol) ? [PROXY_PROTOCOL] : []),
    ...(hasRanges(sharing) ? [ORIGINAL_DESTINATION] : []),
    ...(readsNames ? [TLS_INSPECTOR] : []),
    ...(isSniffed ? [HTTP_INSPECTOR] : []),
  ];
  return typed("envoy.config.listener.v3.Listener", {
    name,
    // Without it, statistics are named after the address.
    stat_prefix: name,
    traffic_direction: "OUTBOUND",
    address: bindAddress(first.address, first.port),
    ...(inspectors.length > 0 && { listener_filters: inspectors }),
    ...(isSniffed && {
      listener_filters_timeout: duration(context.detectionTimeoutMs),
      continue_on_listener_filters_timeout: true,
    }),
    ...(bufferBytes !== undefined && { per_connection_buffer_limit_bytes: bufferBytes }),
    filter_chains: sharing.map((one) => emitFilterChain(one, sharing, isForwardProxy, context)),
  });
}

function emitFilterChain(
  one: FilterChain,
  sharing: Sharing,
  isForwardProxy: (listener: Listener) => boolean,
  context: EmitContext,
): EnvoyFilterChain {
  const match = emitMatch(chainMatch(one, sharing));
  const { limits = {} } = one;
  return {
    ...((sharing.length > 1 || hasNames(one)) && { name: one.name }),
    ...(Object.keys(match).length > 0 && { filter_chain_match: match }),
    filters: [
      ...connectionLimitFilters(one.name, limits),
      ...(readsHttp(one)
        ? [emitHttpConnectionManager(one, isForwardProxy(one), context)]
        : emitTcpFilters(one, context)),
    ],
    ...(one.tls && { transport_socket: emitServerTls(one.tls, context) }),
    ...(one.tls &&
      limits.handshakeTimeoutMs !== undefined && {
        transport_socket_connect_timeout: duration(limits.handshakeTimeoutMs),
      }),
  };
}

function emitMatch({ ranges, serverNames, applicationProtocols }: ChainMatch): FilterChainMatch {
  return {
    ...(ranges && {
      prefix_ranges: ranges.map((range) => {
        const [address_prefix, bits] = range.split("/") as [string, string];
        return { address_prefix, prefix_len: Number(bits) };
      }),
    }),
    ...(serverNames.length > 0 && { server_names: serverNames }),
    ...(applicationProtocols && { application_protocols: applicationProtocols }),
  };
}
