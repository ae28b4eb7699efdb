/** `loadBalancer`: how an endpoint is picked. */

import type { LoadBalancer } from "../../ir/ir.ts";
import type { ConsistentHash, LoadBalancerSettings } from "../model.ts";

/** What istiod writes where a consistent hash names neither table; Envoy's own default. */
const DEFAULT_RING_SIZE = 1024;

export function lowerLoadBalancer(settings: LoadBalancerSettings | undefined): LoadBalancer {
  if (settings?.consistentHash !== undefined) {
    return lowerConsistentHash(settings.consistentHash);
  }
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

function lowerConsistentHash({ maglev, ringHash, minimumRingSize }: ConsistentHash): LoadBalancer {
  if (maglev !== undefined) {
    return { kind: "maglev", ...(maglev.tableSize && { tableSize: maglev.tableSize }) };
  }
  const size = ringHash === undefined ? minimumRingSize || DEFAULT_RING_SIZE : ringHash.minimumRingSize;
  return { kind: "ringHash", ...(size && { minimumRingSize: size }) };
}
