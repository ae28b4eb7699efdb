/** What an Envoy that is told by a stream is started with: where its server is, and nothing that a rule can change. */

import type { AdminInterface } from "../../../back/xds/admin-interface.ts";
import type { Bootstrap } from "../../../back/xds/bootstrap.ts";
import { duration, typed } from "../../../back/xds/protobuf.ts";
import { HTTP_PROTOCOL_OPTIONS } from "../../../back/xds/upstream-http.ts";

/** `envoy.config.bootstrap.v3.Bootstrap` */
export interface AdsBootstrap extends Omit<Bootstrap, keyof AdminInterface> {
  readonly static_resources: { readonly clusters: readonly object[] };
}

/** No cluster of rules has such a name. */
const SERVER = "sluice_ads";
const CONNECT_TIMEOUT_MS = 1_000;
/** Between two tries to reach a server that is gone. */
const BACK_OFF = { base_interval: "0.5s", max_interval: "5s" };

/** A name that no server answers for is given up within the time of a step: `tries` for each of two kinds of addresses. */
const RESOLVER = {
  name: "envoy.network.dns_resolver.cares",
  typed_config: typed("envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig", {
    query_timeout_seconds: 2,
    query_tries: 2,
  }),
};

/** `socket`: the path of the Unix socket that the server listens on. */
export function adsBootstrap(bootstrap: Bootstrap, socket: string): AdsBootstrap {
  return {
    ...bootstrap,
    dynamic_resources: {
      ...bootstrap.dynamic_resources,
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        // Every acknowledgement would carry the node, with all extensions of Envoy: 61 kB.
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: SERVER, retry_policy: { retry_back_off: BACK_OFF } } }],
      },
    },
    static_resources: {
      clusters: [
        {
          name: SERVER,
          type: "STATIC",
          connect_timeout: duration(CONNECT_TIMEOUT_MS),
          typed_extension_protocol_options: {
            [HTTP_PROTOCOL_OPTIONS]: typed(HTTP_PROTOCOL_OPTIONS, {
              explicit_http_config: { http2_protocol_options: {} },
            }),
          },
          load_assignment: {
            cluster_name: SERVER,
            endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: socket } } } }] }],
          },
        },
      ],
    },
    typed_dns_resolver_config: RESOLVER,
  } as AdsBootstrap;
}
