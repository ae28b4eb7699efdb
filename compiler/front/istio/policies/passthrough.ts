/** Where requests go that ask the mesh for a host which nobody registered: to that host. */

import type { Cluster } from "../../../ir/ir.ts";
import type { OutboundPolicy, ProxyOptions } from "../../../options.ts";
import type { MeshConfigSpec } from "../../resources/model.ts";
import { lowerConnectionPool } from "./connection-pool.ts";
import { lowerLoadBalancer } from "./load-balancer.ts";

/** istiod's name for it. There such a request goes to where its connection was meant for, which an explicit proxy learns from its host. */
export const PASSTHROUGH_CLUSTER = "PassthroughCluster";

/** None where no listener may pass such requests on. `ofMesh`: its limits hold for them, too. */
export function passthroughClusters(
  outboundPolicy: OutboundPolicy,
  { meshPort, meshListeners }: ProxyOptions,
  ofMesh: Pick<MeshConfigSpec, "defaultTrafficPolicy" | "connectTimeout" | "tcpKeepalive">,
): Cluster[] {
  const isReachable = outboundPolicy === "ALLOW_ANY" && (meshPort !== 0 || meshListeners);
  const { connectionPool } = ofMesh.defaultTrafficPolicy ?? {};
  return isReachable
    ? [
        {
          name: PASSTHROUGH_CLUSTER,
          discovery: { kind: "byAuthority", endpoints: [] },
          protocol: "downstream",
          ...lowerConnectionPool({ ...(connectionPool && { connectionPool }) }, ofMesh),
          loadBalancer: lowerLoadBalancer(undefined),
        },
      ]
    : [];
}
