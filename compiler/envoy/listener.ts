/** One Envoy listener: a socket and, on it, one HTTP connection manager. */

import type { Listener } from "../ir/ir.ts";
import {
  emitHttpConnectionManager,
  type HttpConnectionManager,
  type ListenerPlan,
} from "./http-connection-manager.ts";
import type { EmitOptions } from "./options.ts";
import { type Extension, type TypedConfig, typed } from "./protobuf.ts";
import { bindAddress, type SocketAddress } from "./socket-address.ts";

/** `envoy.config.listener.v3.Listener` */
export interface EnvoyListener {
  readonly name: string;
  readonly stat_prefix: string;
  readonly traffic_direction: "OUTBOUND";
  readonly address: SocketAddress;
  readonly filter_chains: readonly { readonly filters: readonly Extension<HttpConnectionManager>[] }[];
}

export function emitListener(
  listener: Listener,
  plan: ListenerPlan,
  options: EmitOptions,
): TypedConfig<EnvoyListener> {
  return typed("envoy.config.listener.v3.Listener", {
    name: listener.name,
    // Without it, statistics are named after the address.
    stat_prefix: listener.name,
    traffic_direction: "OUTBOUND",
    address: bindAddress(listener.address, listener.port),
    filter_chains: [{ filters: [emitHttpConnectionManager(listener, plan, options)] }],
  });
}
