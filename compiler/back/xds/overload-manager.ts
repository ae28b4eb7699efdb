/**
 * What Envoy does when too many clients come, or when they have it hold too much in memory: Envoy's guide for edge proxies,
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge. It is a part of the bootstrap, so what is said
 * here changes with a new Envoy only.
 */

import type { Config } from "../../ir/ir.ts";
import { type Extension, typed } from "./protobuf.ts";

/** `envoy.config.overload.v3.OverloadManager` */
export interface OverloadManager {
  readonly refresh_interval?: string;
  readonly resource_monitors: readonly Extension[];
  readonly buffer_factory_config?: { readonly minimum_account_to_track_power_of_two: number };
  readonly actions?: readonly OverloadAction[];
}

interface OverloadAction {
  readonly name: string;
  readonly triggers: readonly object[];
  readonly typed_config?: object;
}

export const UNLIMITED: OverloadOptions = { memoryLimit: 0, maxConnections: 0 };

/** `--max-connections` goes before what the rules come with. */
export function overloadOf(
  { maxConnections = 0 }: Pick<Config, "maxConnections">,
  options: OverloadOptions,
): OverloadOptions {
  return {
    memoryLimit: options.memoryLimit,
    maxConnections: options.maxConnections || maxConnections,
  };
}

/** What of it is for whoever runs an Envoy to say. */
export interface OverloadOptions {
  /** Bytes of Envoy's heap; 0: as much as there is. */
  readonly memoryLimit: number;
  /** Connections of clients on all listeners together; 0: any number. */
  readonly maxConnections: number;
}

/** Practically unlimited, as istiod's bootstrap has it: Envoy warns at its start when nothing is said. */
const ANY_NUMBER = 2_147_483_647;

const HEAP = "envoy.resource_monitors.fixed_heap";
/** Streams that hold less (128 KiB) are not looked at one by one. */
const TRACKED_STREAM = 17;

/** Parts of the limit, from the mildest to the last means. */
const ACTIONS: readonly OverloadAction[] = [
  {
    // What is idle has less and less time.
    name: "envoy.overload_actions.reduce_timeouts",
    triggers: [scaled(0.85, 0.95)],
    typed_config: typed("envoy.config.overload.v3.ScaleTimersOverloadActionConfig", {
      timer_scale_factors: [
        { timer: "HTTP_DOWNSTREAM_CONNECTION_IDLE", min_timeout: "2s" },
        { timer: "HTTP_DOWNSTREAM_STREAM_IDLE", min_scale: { value: 10 } },
        { timer: "TRANSPORT_SOCKET_CONNECT", min_timeout: "2s" },
      ],
    }),
  },
  { name: "envoy.overload_actions.shrink_heap", triggers: [above(0.9)] },
  { name: "envoy.overload_actions.reset_high_memory_stream", triggers: [scaled(0.9, 0.98)] },
  { name: "envoy.overload_actions.disable_http_keepalive", triggers: [above(0.95)] },
  // 503 and `envoy overloaded`.
  { name: "envoy.overload_actions.stop_accepting_requests", triggers: [above(0.98)] },
];

function above(value: number): object {
  return { name: HEAP, threshold: { value } };
}

function scaled(scaling_threshold: number, saturation_threshold: number): object {
  return { name: HEAP, scaled: { scaling_threshold, saturation_threshold } };
}

export function emitOverloadManager({ memoryLimit, maxConnections }: OverloadOptions): OverloadManager {
  const connections: Extension = {
    name: "envoy.resource_monitors.global_downstream_max_connections",
    typed_config: typed(
      "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
      { max_active_downstream_connections: maxConnections || ANY_NUMBER },
    ),
  };
  if (memoryLimit === 0) {
    return { resource_monitors: [connections] };
  }
  const heap: Extension = {
    name: HEAP,
    typed_config: typed("envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig", {
      max_heap_size_bytes: memoryLimit,
    }),
  };
  return {
    refresh_interval: "0.25s",
    resource_monitors: [connections, heap],
    buffer_factory_config: { minimum_account_to_track_power_of_two: TRACKED_STREAM },
    actions: ACTIONS,
  };
}
