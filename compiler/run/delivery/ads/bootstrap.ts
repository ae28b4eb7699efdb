/** What an Envoy that is told by a stream is started with: where its server is, and nothing that a rule can change. */

import { isIP } from "node:net";
import { altStatName } from "../../../back/stat-names.ts";
import type { AdminInterface } from "../../../back/xds/admin-interface.ts";
import type { Bootstrap } from "../../../back/xds/bootstrap.ts";
import { emitLoadAssignment } from "../../../back/xds/endpoints.ts";
import { duration, type Extension, typed } from "../../../back/xds/protobuf.ts";
import { HTTP_PROTOCOL_OPTIONS } from "../../../back/xds/upstream-http.ts";

/** `envoy.config.bootstrap.v3.Bootstrap` */
export interface AdsBootstrap extends Omit<Bootstrap, keyof AdminInterface> {
  readonly admin?: AdminInterface["admin"];
  readonly static_resources: { readonly listeners?: readonly object[]; readonly clusters: readonly object[] };
}

/** Where a proxy finds who tells it what to do, and how it speaks with them. */
export interface AdsEndpoints {
  /** Any of them will do: IP addresses or DNS names, or one `unix:` and the path of a socket, whose port does not matter. */
  readonly servers: readonly ServerAddress[];
  /** Absent: plain text. */
  readonly transportSocket?: Extension;
  /** Said with every stream that is opened, such as `authorization`. */
  readonly initialMetadata?: readonly InitialMetadata[];
}

/** `envoy.config.core.v3.HeaderValue` */
export interface InitialMetadata {
  readonly key: string;
  readonly value: string;
}

export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

/** The cluster of the servers. None of rules has such a name. */
export const ADS_CLUSTER = "sluice_ads";

const LOCAL_CONNECT_TIMEOUT_MS = 1_000;
/** A handshake of TLS with a server that is busy with thousands of others. */
const REMOTE_CONNECT_TIMEOUT_MS = 5_000;
/** Between two tries to reach a server that is gone; Envoy waits for a random part of it, so that a fleet does not come at once. */
const BACK_OFF = { base_interval: "0.5s", max_interval: "5s" };
/**
 * A network that swallows packets ends a stream without a word. The answer to a PING may take as long as a server that compiles
 * for all its scopes has no time for anything else.
 */
const KEEPALIVE = { interval: "30s", timeout: "20s" };

/** A name that no server answers for is given up within the time of a step: `tries` for each of two kinds of addresses. */
const RESOLVER = {
  name: "envoy.network.dns_resolver.cares",
  typed_config: typed("envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig", {
    query_timeout_seconds: 2,
    query_tries: 2,
  }),
};

export function adsBootstrap(bootstrap: Bootstrap, endpoints: AdsEndpoints): AdsBootstrap {
  const { initialMetadata = [] } = endpoints;
  const { listeners, clusters = [] } = bootstrap.static_resources ?? {};
  return {
    ...bootstrap,
    dynamic_resources: {
      ...bootstrap.dynamic_resources,
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        // Every acknowledgement would carry the node, with all extensions of Envoy: 61 kB.
        set_node_on_first_message_only: true,
        grpc_services: [
          {
            envoy_grpc: { cluster_name: ADS_CLUSTER, retry_policy: { retry_back_off: BACK_OFF } },
            ...(initialMetadata.length > 0 && { initial_metadata: initialMetadata }),
          },
        ],
      },
    },
    static_resources: {
      ...(listeners !== undefined && { listeners }),
      clusters: [serverCluster(endpoints), ...clusters],
    },
    typed_dns_resolver_config: RESOLVER,
  } as AdsBootstrap;
}

function serverCluster({ servers, transportSocket }: AdsEndpoints): object {
  // The kernel itself says when the other end of a socket is gone.
  const isLocal = servers.every(({ address }) => address.startsWith("unix:"));
  return {
    name: ADS_CLUSTER,
    alt_stat_name: altStatName(ADS_CLUSTER),
    ...discovery(servers),
    connect_timeout: duration(isLocal ? LOCAL_CONNECT_TIMEOUT_MS : REMOTE_CONNECT_TIMEOUT_MS),
    typed_extension_protocol_options: {
      [HTTP_PROTOCOL_OPTIONS]: typed(HTTP_PROTOCOL_OPTIONS, {
        explicit_http_config: {
          http2_protocol_options: { ...(!isLocal && { connection_keepalive: KEEPALIVE }) },
        },
      }),
    },
    ...(transportSocket !== undefined && { transport_socket: transportSocket }),
    load_assignment: emitLoadAssignment(
      ADS_CLUSTER,
      servers.map((server) => ({ ...server, weight: 1 })),
    ),
  };
}

function discovery(servers: readonly ServerAddress[]): object {
  const isName = ({ address }: ServerAddress) => !address.startsWith("unix:") && isIP(address) === 0;
  if (!servers.some(isName)) {
    return { type: "STATIC" };
  }
  return {
    cluster_type: {
      name: "envoy.clusters.dns",
      typed_config: typed("envoy.extensions.clusters.dns.v3.DnsCluster", {
        // One server that is gone leaves its name with the others' addresses.
        all_addresses_in_single_endpoint: false,
        dns_lookup_family: "V4_PREFERRED",
        respect_dns_ttl: true,
        dns_refresh_rate: "5s",
        // A proxy may be started before its server has a name.
        dns_failure_refresh_rate: BACK_OFF,
      }),
    },
  };
}
