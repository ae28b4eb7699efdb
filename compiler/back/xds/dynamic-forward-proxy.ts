/**
 * Clusters without endpoints, whose requests go to the host that each names: Envoy looks it up before the router
 * connects. The filter and the cluster share a cache of names.
 */

import type { Cluster, Config, Listener } from "../../ir/ir.ts";
import { type Extension, typed } from "./protobuf.ts";

/** `envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig`: equal wherever its name stands. */
const DNS_CACHE = {
  name: "by_authority",
  // As for every other name: IPv6 where there is nothing else.
  dns_lookup_family: "V4_PREFERRED",
};

export const DYNAMIC_FORWARD_PROXY_CLUSTER: Extension = {
  name: "envoy.clusters.dynamic_forward_proxy",
  typed_config: typed("envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig", {
    dns_cache_config: DNS_CACHE,
    // No TLS is spoken here, so no name of a server has to be checked.
    allow_insecure_cluster_options: true,
  }),
};

export const DYNAMIC_FORWARD_PROXY_FILTER: Extension = {
  name: "envoy.filters.http.dynamic_forward_proxy",
  typed_config: typed("envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig", {
    dns_cache_config: DNS_CACHE,
  }),
};

/** The same for connections whose clients ask for a name by TLS. */
export function sniForwardProxy(port: number): Extension {
  return {
    name: "envoy.filters.network.sni_dynamic_forward_proxy",
    typed_config: typed("envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig", {
      port_value: port,
      dns_cache_config: DNS_CACHE,
    }),
  };
}

/**
 * Whether some route of each listener leads to such a cluster: only there the filter has something to do. Without the
 * filter, a request for such a cluster finds no host, and is answered 503.
 */
export function forwardsByAuthority({ clusters }: Config): (listener: Listener) => boolean {
  const named = (kind: Cluster["discovery"]["kind"]) =>
    clusters.filter(({ discovery }) => discovery.kind === kind).map(({ name }) => name);
  const everywhere = named("byAuthority");
  const inMesh = [...everywhere, ...named("originalDestination")];
  return ({ role, routes }) => {
    const meant = new Set(role === "mesh" ? inMesh : everywhere);
    return (
      meant.size > 0 &&
      routes.virtualHosts.some((host) =>
        host.routes.some(
          ({ action }) =>
            action.kind === "forward" && action.destinations.some(({ cluster }) => meant.has(cluster)),
        ),
      )
    );
  };
}
