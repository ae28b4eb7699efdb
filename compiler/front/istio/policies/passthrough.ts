/** Where requests go that ask the mesh for a host which nobody registered: to that host. */

import type { Cluster } from "../../../ir/ir.ts";
import type { OutboundPolicy, ProxyOptions } from "../../../options.ts";
import { lowerConnectionPool } from "./connection-pool.ts";
import { lowerLoadBalancer } from "./load-balancer.ts";

/** istiod's name for it. */
export const PASSTHROUGH_CLUSTER = "PassthroughCluster";

/** None where no listener may pass such requests on. */
export function passthroughClusters(
  outboundPolicy: OutboundPolicy,
  { meshPort, meshListeners }: ProxyOptions,
): Cluster[] {
  const isReachable = outboundPolicy === "ALLOW_ANY" && (meshPort !== 0 || meshListeners);
  return isReachable ? [PASSTHROUGH] : [];
}

const PASSTHROUGH: Cluster = {
  name: PASSTHROUGH_CLUSTER,
  discovery: { kind: "byAuthority", endpoints: [] },
  protocol: "downstream",
  ...lowerConnectionPool({}),
  loadBalancer: lowerLoadBalancer(undefined),
};
