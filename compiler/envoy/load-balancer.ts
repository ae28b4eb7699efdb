/** How a cluster picks an endpoint. */

import type { LoadBalancer } from "../ir/ir.ts";

/** The fields of `envoy.config.cluster.v3.Cluster` that say it. */
export interface LoadBalancerFields {
  readonly lb_policy: "LEAST_REQUEST" | "ROUND_ROBIN" | "RANDOM" | "RING_HASH" | "MAGLEV";
  readonly ring_hash_lb_config?: { readonly minimum_ring_size: number };
  readonly maglev_lb_config?: { readonly table_size: number };
}

export function emitLoadBalancer(balancer: LoadBalancer): LoadBalancerFields {
  switch (balancer.kind) {
    case "leastRequest":
      return { lb_policy: "LEAST_REQUEST" };
    case "roundRobin":
      return { lb_policy: "ROUND_ROBIN" };
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
