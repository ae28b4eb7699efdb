/** Passes connections on as they are. */

import type { TcpChain } from "../../ir/ir.ts";
import { emitConnectionLog, type LogOptions } from "./access-log.ts";
import { sniForwardProxy } from "./dynamic-forward-proxy.ts";
import { duration, type Extension, typed } from "./protobuf.ts";

/** What a connection passes through, in order. */
export function emitTcpFilters(chain: TcpChain, options: LogOptions): Extension[] {
  const { lookupPort } = chain;
  return [...(lookupPort === undefined ? [] : [sniForwardProxy(lookupPort)]), emitTcpProxy(chain, options)];
}

/** `envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy` */
function emitTcpProxy(chain: TcpChain, options: LogOptions): Extension {
  const { name, destinations, idleTimeoutMs, maxConnectionDurationMs, hashesSource, tunnel } = chain;
  const [only] = destinations;
  return {
    name: "envoy.filters.network.tcp_proxy",
    typed_config: typed("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", {
      stat_prefix: name,
      ...emitConnectionLog(name, options),
      ...(destinations.length === 1
        ? { cluster: only!.cluster }
        : {
            weighted_clusters: {
              clusters: destinations.map(({ cluster, weight }) => ({ name: cluster, weight })),
            },
          }),
      ...(idleTimeoutMs !== undefined && { idle_timeout: duration(idleTimeoutMs) }),
      ...(maxConnectionDurationMs !== undefined && {
        max_downstream_connection_duration: duration(maxConnectionDurationMs),
      }),
      ...(hashesSource && { hash_policy: [{ source_ip: {} }] }),
      ...(tunnel && {
        tunneling_config: { hostname: tunnel.target, ...(tunnel.method === "POST" && { use_post: true }) },
      }),
    }),
  };
}
