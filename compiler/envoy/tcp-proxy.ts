/** Passes connections on as they are. */

import type { TcpChain } from "../ir/ir.ts";
import { type Extension, typed } from "./protobuf.ts";

/** `envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy` */
export function emitTcpProxy({ name, destinations }: TcpChain): Extension {
  const [only] = destinations;
  return {
    name: "envoy.filters.network.tcp_proxy",
    typed_config: typed("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", {
      stat_prefix: name,
      ...(destinations.length === 1
        ? { cluster: only!.cluster }
        : {
            weighted_clusters: {
              clusters: destinations.map(({ cluster, weight }) => ({ name: cluster, weight })),
            },
          }),
    }),
  };
}
