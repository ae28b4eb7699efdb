/** `loadBalancer.simple`. */

import type { LoadBalancer } from "../../ir/ir.ts";
import type { LoadBalancerSettings } from "../model.ts";

export function lowerLoadBalancer(settings: LoadBalancerSettings | undefined): LoadBalancer {
  switch (settings?.simple) {
    case "ROUND_ROBIN":
      return { kind: "roundRobin" };
    case "RANDOM":
      return { kind: "random" };
    default:
      // LEAST_REQUEST, its old name LEAST_CONN, UNSPECIFIED, and nothing at all.
      return { kind: "leastRequest" };
  }
}
