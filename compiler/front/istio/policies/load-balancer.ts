/** `loadBalancer`: how an endpoint is picked. */

import type { LoadBalancer, SlowStart } from "../../../ir/ir.ts";
import type { ConsistentHash, LoadBalancerSettings } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";

/** What istiod writes where a consistent hash names neither table; Envoy's own default. */
const DEFAULT_RING_SIZE = 1024;

export function lowerLoadBalancer(settings: LoadBalancerSettings | undefined): LoadBalancer {
  if (settings?.consistentHash !== undefined) {
    return lowerConsistentHash(settings.consistentHash);
  }
  const slowStart = lowerWarmup(settings);
  switch (settings?.simple) {
    case "ROUND_ROBIN":
      return { kind: "roundRobin", ...(slowStart && { slowStart }) };
    case "RANDOM":
      return { kind: "random" };
    default:
      // LEAST_REQUEST, its old name LEAST_CONN, UNSPECIFIED, and nothing at all.
      return { kind: "leastRequest", ...(slowStart && { slowStart }) };
  }
}

/** What `warmup` leaves out; the old field has nothing more. */
const DEFAULT_WARMUP = { aggression: 1, minimumPercent: 10 };

function lowerWarmup({ warmup, warmupDurationSecs }: LoadBalancerSettings = {}): SlowStart | undefined {
  const windowMs = durationMs(warmup === undefined ? warmupDurationSecs : warmup.duration);
  return windowMs === undefined
    ? undefined
    : {
        windowMs,
        aggression: warmup?.aggression ?? DEFAULT_WARMUP.aggression,
        minimumPercent: warmup?.minimumPercent ?? DEFAULT_WARMUP.minimumPercent,
      };
}

function lowerConsistentHash({ maglev, ringHash, minimumRingSize }: ConsistentHash): LoadBalancer {
  if (maglev !== undefined) {
    return { kind: "maglev", ...(maglev.tableSize && { tableSize: maglev.tableSize }) };
  }
  const size = ringHash === undefined ? minimumRingSize || DEFAULT_RING_SIZE : ringHash.minimumRingSize;
  return { kind: "ringHash", ...(size && { minimumRingSize: size }) };
}
