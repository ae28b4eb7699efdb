/** One Envoy listener: a socket and, on it, HTTP connection managers, of which TLS clients choose one by name. */

import type { Listener, TcpChain } from "../ir/ir.ts";
import { emitHttpConnectionManager, type ListenerPlan } from "./http-connection-manager.ts";
import type { EmitOptions } from "./options.ts";
import { type Extension, type TypedConfig, typed } from "./protobuf.ts";
import { bindAddress, type SocketAddress } from "./socket-address.ts";
import { emitTcpProxy } from "./tcp-proxy.ts";
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
  readonly filters: readonly Extension[];
  readonly transport_socket?: Extension;
}

/** Reads what a client asks for before TLS begins. */
const TLS_INSPECTOR: Extension = {
  name: "envoy.filters.listener.tls_inspector",
  typed_config: typed("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector", {}),
};

/** At least one; several share a socket only with TLS. */
export type Sharing = readonly (Listener | TcpChain)[];

export function emitListener(
  sharing: Sharing,
  plan: (listener: Listener) => ListenerPlan,
  options: EmitOptions,
): TypedConfig<EnvoyListener> {
  const [first] = sharing as [Listener | TcpChain];
  const readsNames = sharing.some(hasNames);
  const name = readsNames ? `tls_${first.address}_${first.port}` : first.name;
  return typed("envoy.config.listener.v3.Listener", {
    name,
    // Without it, statistics are named after the address.
    stat_prefix: name,
    traffic_direction: "OUTBOUND",
    address: bindAddress(first.address, first.port),
    ...(readsNames && { listener_filters: [TLS_INSPECTOR] }),
    filter_chains: sharing.map((one) => emitFilterChain(one, plan, options)),
  });
}

/** Whether clients say whom they mean before the first byte is for anybody. */
export function hasNames(one: Listener | TcpChain): boolean {
  return one.tls !== undefined || ("readsServerName" in one && one.readsServerName === true);
}

function emitFilterChain(
  one: Listener | TcpChain,
  plan: (listener: Listener) => ListenerPlan,
  options: EmitOptions,
): FilterChain {
  const filters = ["routes" in one ? emitHttpConnectionManager(one, plan(one), options) : emitTcpProxy(one)];
  if (!hasNames(one)) {
    return { filters };
  }
  const names = "routes" in one ? (one.tls?.serverNames ?? []) : one.serverNames;
  return {
    name: one.name,
    ...(names.length > 0 && { filter_chain_match: { server_names: names } }),
    filters,
    ...(one.tls && { transport_socket: emitServerTls(one.tls, options) }),
  };
}
