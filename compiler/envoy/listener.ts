/** One Envoy listener: a socket and, on it, HTTP connection managers, of which TLS clients choose one by name. */

import type { Listener } from "../ir/ir.ts";
import {
  emitHttpConnectionManager,
  type HttpConnectionManager,
  type ListenerPlan,
} from "./http-connection-manager.ts";
import type { EmitOptions } from "./options.ts";
import { type Extension, type TypedConfig, typed } from "./protobuf.ts";
import { bindAddress, type SocketAddress } from "./socket-address.ts";
import { emitServerTls } from "./tls.ts";

/** `envoy.config.listener.v3.Listener` */
export interface EnvoyListener {
  readonly name: string;
  readonly stat_prefix: string;
  readonly traffic_direction: "OUTBOUND";
  readonly address: SocketAddress;
  readonly listener_filters?: readonly Extension[];
  readonly filter_chains: readonly FilterChain[];
}

/** `envoy.config.listener.v3.FilterChain` */
interface FilterChain {
  readonly name?: string;
  readonly filter_chain_match?: { readonly server_names?: readonly string[] };
  readonly filters: readonly Extension<HttpConnectionManager>[];
  readonly transport_socket?: Extension;
}

/** Reads what a client asks for before TLS begins. */
const TLS_INSPECTOR: Extension = {
  name: "envoy.filters.listener.tls_inspector",
  typed_config: typed("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector", {}),
};

/** `sharing`: at least one, and several only with TLS on one socket. */
export function emitListener(
  sharing: readonly Listener[],
  plan: (listener: Listener) => ListenerPlan,
  options: EmitOptions,
): TypedConfig<EnvoyListener> {
  const [first] = sharing as [Listener];
  const name = first.tls === undefined ? first.name : `tls_${first.address}_${first.port}`;
  return typed("envoy.config.listener.v3.Listener", {
    name,
    // Without it, statistics are named after the address.
    stat_prefix: name,
    traffic_direction: "OUTBOUND",
    address: bindAddress(first.address, first.port),
    ...(first.tls !== undefined && { listener_filters: [TLS_INSPECTOR] }),
    filter_chains: sharing.map((listener) => emitFilterChain(listener, plan(listener), options)),
  });
}

function emitFilterChain(listener: Listener, plan: ListenerPlan, options: EmitOptions): FilterChain {
  const filters = [emitHttpConnectionManager(listener, plan, options)];
  if (listener.tls === undefined) {
    return { filters };
  }
  const { serverNames } = listener.tls;
  return {
    name: listener.name,
    ...(serverNames.length > 0 && { filter_chain_match: { server_names: serverNames } }),
    filters,
    transport_socket: emitServerTls(listener.tls, options),
  };
}
