/** The PROXY protocol, around whatever else a connection to an endpoint begins with. */

import type { Cluster } from "../../ir/ir.ts";
import { type Extension, typed } from "./protobuf.ts";

const PLAIN: Extension = {
  name: "envoy.transport_sockets.raw_buffer",
  typed_config: typed("envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer", {}),
};

/** `inner` is what the cluster has without it; absent: plain text. */
export function withProxyProtocol(
  version: Cluster["proxyProtocol"],
  inner: Extension | undefined,
): Extension | undefined {
  return version === undefined
    ? inner
    : {
        name: "envoy.transport_sockets.upstream_proxy_protocol",
        typed_config: typed(
          "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
          { config: { version: version.toUpperCase() }, transport_socket: inner ?? PLAIN },
        ),
      };
}
