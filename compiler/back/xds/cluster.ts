/** One Envoy cluster. Its endpoints, where they are known, come apart from it (`endpoints.ts`). */

import { isLookedUp } from "../../ir/discovery.ts";
import type { Cluster } from "../../ir/ir.ts";
import { altStatName } from "../stat-names.ts";
import { type CircuitBreakers, emitCircuitBreakers } from "./circuit-breakers.ts";
import { DYNAMIC_FORWARD_PROXY_CLUSTER } from "./dynamic-forward-proxy.ts";
import { emitLoadAssignment, type LoadAssignment } from "./endpoints.ts";
import { emitHealthCheck, emitNewsOfChecks, type HealthCheckFields } from "./health-check.ts";
import { emitLoadBalancer, type LoadBalancerFields } from "./load-balancer.ts";
import type { EmitContext } from "./options.ts";
import { type EnvoyOutlierDetection, emitOutlierDetection } from "./outlier-detection.ts";
import type { ConfigSource } from "./places.ts";
import { duration, type Extension, type TypedConfig, typed } from "./protobuf.ts";
import { withProxyProtocol } from "./proxy-protocol.ts";
import { emitClientTls } from "./tls.ts";
import { emitHttpProtocolOptions, HTTP_PROTOCOL_OPTIONS } from "./upstream-http.ts";

/** `envoy.config.cluster.v3.Cluster` */
export interface EnvoyCluster extends ClusterDiscovery, LoadBalancerFields, HealthCheckFields {
  readonly name: string;
  readonly alt_stat_name: string;
  readonly connect_timeout: string;
  readonly circuit_breakers: CircuitBreakers;
  readonly common_lb_config: {
    readonly healthy_panic_threshold: { readonly value: number };
    readonly locality_weighted_lb_config?: object;
    readonly zone_aware_lb_config?: ZoneAwareLbConfig;
    readonly ignore_new_hosts_until_first_hc?: true;
    readonly update_merge_window?: string;
  };
  readonly transport_socket?: Extension;
  readonly outlier_detection?: EnvoyOutlierDetection;
  readonly typed_extension_protocol_options?: Readonly<Record<string, TypedConfig>>;
  readonly per_connection_buffer_limit_bytes?: number;
  readonly upstream_connection_options?: { readonly tcp_keepalive: TcpKeepalive };
}

/** `envoy.config.cluster.v3.Cluster.CommonLbConfig.ZoneAwareLbConfig` */
interface ZoneAwareLbConfig {
  readonly routing_enabled?: { readonly value: 0 };
  readonly min_cluster_size?: number;
}

interface ClusterDiscovery {
  readonly type?: "EDS" | "STATIC" | "ORIGINAL_DST";
  readonly eds_cluster_config?: { readonly eds_config: ConfigSource };
  readonly original_dst_lb_config?: { readonly upstream_port_override: number };
  readonly cluster_type?: Extension;
  readonly load_assignment?: LoadAssignment;
}

/** `envoy.config.core.v3.TcpKeepalive` */
interface TcpKeepalive {
  readonly keepalive_probes?: number;
  readonly keepalive_time?: number;
  readonly keepalive_interval?: number;
}

export function emitCluster(cluster: Cluster, context: EmitContext): TypedConfig<EnvoyCluster> {
  const httpOptions = emitHttpProtocolOptions(cluster);
  const transportSocket = withProxyProtocol(
    cluster.proxyProtocol,
    cluster.tls && emitClientTls(cluster.tls, context),
  );
  return typed("envoy.config.cluster.v3.Cluster", {
    name: cluster.name,
    alt_stat_name: altStatName(cluster.name),
    ...emitDiscovery(cluster, context),
    connect_timeout: duration(cluster.connectTimeoutMs),
    ...(isLookedUp(cluster.discovery.kind)
      ? { lb_policy: "CLUSTER_PROVIDED" as const }
      : emitLoadBalancer(cluster.loadBalancer)),
    circuit_breakers: emitCircuitBreakers(cluster.limits),
    common_lb_config: {
      // 0 turns panic mode off: an endpoint that was ejected gets nothing, even when all are.
      healthy_panic_threshold: {
        value: cluster.healthCheck?.panicPercent ?? cluster.outlierDetection?.minHealthPercent ?? 0,
      },
      ...(cluster.healthCheck && emitNewsOfChecks(cluster.healthCheck)),
      ...(cluster.byLocalityWeight && { locality_weighted_lb_config: {} }),
      ...(cluster.zoneAware && { zone_aware_lb_config: emitZoneAwareness(cluster.zoneAware) }),
    },
    ...emitHealthCheck(cluster, context),
    ...(cluster.outlierDetection && { outlier_detection: emitOutlierDetection(cluster.outlierDetection) }),
    ...(httpOptions && { typed_extension_protocol_options: { [HTTP_PROTOCOL_OPTIONS]: httpOptions } }),
    ...(transportSocket && { transport_socket: transportSocket }),
    ...(cluster.bufferBytes !== undefined && { per_connection_buffer_limit_bytes: cluster.bufferBytes }),
    ...(cluster.tcpKeepalive && {
      upstream_connection_options: { tcp_keepalive: emitTcpKeepalive(cluster.tcpKeepalive) },
    }),
  });
}

function emitZoneAwareness({
  enabled,
  minClusterSize,
}: NonNullable<Cluster["zoneAware"]>): ZoneAwareLbConfig {
  return {
    ...(!enabled && { routing_enabled: { value: 0 } }),
    ...(minClusterSize !== undefined && { min_cluster_size: minClusterSize }),
  };
}

/** As Istio ships `meshConfig.dnsRefreshRate`. */
const DNS_REFRESH_MS = 60_000;

function emitDiscovery(
  { name, discovery, dnsRefreshMs = DNS_REFRESH_MS }: Cluster,
  { places }: EmitContext,
): ClusterDiscovery {
  if (discovery.kind === "eds") {
    const source = places.sourceOf("endpoints", name);
    return source === undefined
      ? { type: "STATIC", load_assignment: emitLoadAssignment(name, discovery.endpoints) }
      : { type: "EDS", eds_cluster_config: { eds_config: source } };
  }
  if (discovery.kind === "originalAddress") {
    return { type: "ORIGINAL_DST", original_dst_lb_config: { upstream_port_override: discovery.port } };
  }
  if (isLookedUp(discovery.kind)) {
    return { cluster_type: DYNAMIC_FORWARD_PROXY_CLUSTER };
  }
  return {
    cluster_type: {
      name: "envoy.clusters.dns",
      typed_config: typed("envoy.extensions.clusters.dns.v3.DnsCluster", {
        // IPv4 first and IPv6 where there is nothing else: works whatever addresses the proxy itself has.
        dns_lookup_family: "V4_PREFERRED" as const,
        dns_refresh_rate: duration(dnsRefreshMs),
        dns_jitter: "0.1s",
        respect_dns_ttl: true,
        all_addresses_in_single_endpoint: discovery.kind === "logicalDns",
      }),
    },
    load_assignment: emitLoadAssignment(name, discovery.endpoints),
  };
}

/** The kernel counts in seconds; a part of one is rounded up, since 0 would be refused. */
function emitTcpKeepalive(keepalive: NonNullable<Cluster["tcpKeepalive"]>): TcpKeepalive {
  const seconds = (milliseconds: number) => Math.ceil(milliseconds / 1000);
  return {
    ...(keepalive.probes !== undefined && { keepalive_probes: keepalive.probes }),
    ...(keepalive.timeMs !== undefined && { keepalive_time: seconds(keepalive.timeMs) }),
    ...(keepalive.intervalMs !== undefined && { keepalive_interval: seconds(keepalive.intervalMs) }),
  };
}
