/** How a cluster picks an endpoint. */

import type { LoadBalancer, SlowStart } from "../../ir/ir.ts";
import { duration } from "./protobuf.ts";

/** The fields of `envoy.config.cluster.v3.Cluster` that say it. */
export interface LoadBalancerFields {
  readonly lb_policy:
    | "LEAST_REQUEST"
    | "ROUND_ROBIN"
    | "RANDOM"
    | "RING_HASH"
    | "MAGLEV"
    | "CLUSTER_PROVIDED";
  readonly least_request_lb_config?: { readonly slow_start_config: SlowStartConfig };
  readonly round_robin_lb_config?: { readonly slow_start_config: SlowStartConfig };
  readonly ring_hash_lb_config?: { readonly minimum_ring_size: number };
  readonly maglev_lb_config?: { readonly table_size: number };
}

/** `envoy.config.cluster.v3.Cluster.SlowStartConfig` */
interface SlowStartConfig {
  readonly slow_start_window: string;
  readonly aggression: { readonly default_value: number; readonly runtime_key: string };
  readonly min_weight_percent: { readonly value: number };
}

/** Envoy asks for a name under which its operator could overrule the value; nobody does. */
const AGGRESSION_KEY = "sluice.slow_start.aggression";

export function emitLoadBalancer(balancer: LoadBalancer): LoadBalancerFields {
  switch (balancer.kind) {
    case "leastRequest":
      return {
        lb_policy: "LEAST_REQUEST",
        ...(balancer.slowStart && {
          least_request_lb_config: { slow_start_config: emitSlowStart(balancer.slowStart) },
        }),
      };
    case "roundRobin":
      return {
        lb_policy: "ROUND_ROBIN",
        ...(balancer.slowStart && {
          round_robin_lb_config: { slow_start_config: emitSlowStart(balancer.slowStart) },
        }),
      };
    case "random":
      return { lb_policy: "RANDOM" };
    case "ringHash":
      return {
        lb_policy: "RING_HASH",
        ...(balancer.minimumRingSize !== undefined && {
          ring_hash_lb_config: { minimum_ring_size: balancer.minimumRingSize },
        }),
      };
    case "maglev":
      return {
        lb_policy: "MAGLEV",
        ...(balancer.tableSize !== undefined && { maglev_lb_config: { table_size: balancer.tableSize } }),
      };
  }
}

function emitSlowStart({ windowMs, aggression, minimumPercent }: SlowStart): SlowStartConfig {
  return {
    slow_start_window: duration(windowMs),
    aggression: { default_value: aggression, runtime_key: AGGRESSION_KEY },
    min_weight_percent: { value: minimumPercent },
  };
}
