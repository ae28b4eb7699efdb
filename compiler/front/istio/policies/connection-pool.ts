/** `connectionPool`. A number of 0 means that it is not set. */

import type { Cluster, Limits } from "../../../ir/ir.ts";
import type { ConnectionPoolSettings, MeshConfigSpec } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";
import type { PortProtocol } from "../../services/service.ts";
import type { EffectivePolicy } from "../destination-rules/traffic-policy.ts";

/** What a rule leaves to the mesh. */
type OfMesh = Pick<MeshConfigSpec, "connectTimeout" | "tcpKeepalive">;

/** `meshConfig.connectTimeout` as Istio ships it. */
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

type ConnectionFields = Pick<
  Cluster,
  | "connectTimeoutMs"
  | "limits"
  | "tcpKeepalive"
  | "maxRequestsPerConnection"
  | "idleTimeoutMs"
  | "maxConnectionDurationMs"
  | "http2"
>;

type PoolPolicy = Pick<EffectivePolicy, "connectionPool" | "retryBudget">;

/** istiod's, for a budget that leaves them out. */
const DEFAULT_BUDGET = { percent: 20, minimum: 3 };

export function lowerConnectionPool(
  { connectionPool = {}, retryBudget }: PoolPolicy,
  ofMesh: OfMesh,
): ConnectionFields {
  const { tcp, http } = connectionPool;
  // Field by field: what the rule leaves out is the mesh's.
  const tcpKeepalive = lowerKeepalive(
    (ofMesh.tcpKeepalive ?? tcp?.tcpKeepalive) && { ...ofMesh.tcpKeepalive, ...tcp?.tcpKeepalive },
  );
  // Idle connections are HTTP's business here; what tcp says counts where http says nothing.
  const idleTimeoutMs = durationMs(http?.idleTimeout) ?? durationMs(tcp?.idleTimeout);
  const maxConnectionDurationMs = durationMs(tcp?.maxConnectionDuration);
  return {
    connectTimeoutMs:
      durationMs(tcp?.connectTimeout) ?? durationMs(ofMesh.connectTimeout) ?? DEFAULT_CONNECT_TIMEOUT_MS,
    limits: { ...lowerLimits(tcp, http), ...lowerBudget(retryBudget) },
    ...(tcpKeepalive && { tcpKeepalive }),
    ...(http?.maxRequestsPerConnection && { maxRequestsPerConnection: http.maxRequestsPerConnection }),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
    ...(maxConnectionDurationMs !== undefined && { maxConnectionDurationMs }),
    ...lowerHttp2(http),
  };
}

function lowerHttp2({
  maxConcurrentStreams,
  http2KeepAlive,
}: NonNullable<ConnectionPoolSettings["http"]> = {}): Pick<Cluster, "http2"> {
  const timeoutMs = durationMs(http2KeepAlive?.timeout);
  const intervalMs = durationMs(http2KeepAlive?.interval);
  const http2 = {
    ...(maxConcurrentStreams && { maxConcurrentStreams }),
    ...(timeoutMs !== undefined && {
      keepalive: { timeoutMs, ...(intervalMs !== undefined && { intervalMs }) },
    }),
  };
  return Object.keys(http2).length === 0 ? {} : { http2 };
}

function lowerBudget(budget: PoolPolicy["retryBudget"]): Pick<Limits, "retryBudget"> {
  // Of no length is Envoy's default, which every Envoy knows.
  const intervalMs = durationMs(budget?.budgetInterval) || undefined;
  return budget === undefined
    ? {}
    : {
        retryBudget: {
          percent: budget.percent ?? DEFAULT_BUDGET.percent,
          minimum: budget.minRetryConcurrency || DEFAULT_BUDGET.minimum,
          ...(intervalMs !== undefined && { intervalMs }),
        },
      };
}

function lowerLimits(tcp: ConnectionPoolSettings["tcp"], http: ConnectionPoolSettings["http"]): Limits {
  return {
    ...(tcp?.maxConnections && { maxConnections: tcp.maxConnections }),
    ...(http?.http1MaxPendingRequests && { maxPendingRequests: http.http1MaxPendingRequests }),
    ...(http?.http2MaxRequests && { maxRequests: http.http2MaxRequests }),
    ...(http?.maxRetries && { maxRetries: http.maxRetries }),
  };
}

function lowerKeepalive(
  keepalive: NonNullable<ConnectionPoolSettings["tcp"]>["tcpKeepalive"],
): Cluster["tcpKeepalive"] | undefined {
  if (keepalive === undefined) {
    return undefined;
  }
  const timeMs = durationMs(keepalive.time);
  const intervalMs = durationMs(keepalive.interval);
  return {
    ...(keepalive.probes && { probes: keepalive.probes }),
    ...(timeMs && { timeMs }),
    ...(intervalMs && { intervalMs }),
  };
}

/**
 * What is spoken to the endpoints. An undeclared port is sniffed in Istio: the service gets what the client spoke. Not so
 * from a Gateway: there browsers speak HTTP/2, which services do not understand unless they say so.
 */
export function upstreamProtocol(
  declared: PortProtocol,
  pool: ConnectionPoolSettings = {},
  atEdge = false,
  ofMesh: MeshConfigSpec["h2UpgradePolicy"] = "DO_NOT_UPGRADE",
): Cluster["protocol"] {
  if (pool.http?.useClientProtocol === true) {
    return "downstream";
  }
  const { h2UpgradePolicy = "DEFAULT" } = pool.http ?? {};
  // The mesh's is for ports that are declared as HTTP: whatever else is spoken may be no HTTP at all.
  const isUpgraded =
    h2UpgradePolicy === "UPGRADE" ||
    (h2UpgradePolicy === "DEFAULT" && ofMesh === "UPGRADE" && (declared === "http" || declared === "http2"));
  if (isUpgraded) {
    return "http2";
  }
  switch (declared) {
    case "http":
      return "http1";
    case "http2":
      return "http2";
    case "auto":
      return atEdge ? "http1" : "downstream";
    default:
      return "tcp";
  }
}
