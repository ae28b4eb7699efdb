/** Ejection of endpoints that fail, as istiod configures it. */

import type { OutlierDetection } from "../../ir/ir.ts";
import { duration } from "./protobuf.ts";

/** `envoy.config.cluster.v3.OutlierDetection` */
export interface EnvoyOutlierDetection {
  readonly consecutive_5xx?: number;
  readonly enforcing_consecutive_5xx?: number;
  readonly consecutive_gateway_failure?: number;
  readonly enforcing_consecutive_gateway_failure?: number;
  readonly split_external_local_origin_errors?: boolean;
  readonly consecutive_local_origin_failure?: number;
  readonly enforcing_consecutive_local_origin_failure?: number;
  readonly enforcing_local_origin_success_rate?: number;
  readonly enforcing_success_rate: number;
  readonly interval?: string;
  readonly base_ejection_time?: string;
  readonly max_ejection_percent?: number;
}

export function emitOutlierDetection(outlier: OutlierDetection): EnvoyOutlierDetection {
  return {
    // Ejection by success rate is never on: it compares endpoints, and small services have too few.
    enforcing_success_rate: 0,
    ...(outlier.consecutive5xx !== undefined && {
      consecutive_5xx: outlier.consecutive5xx,
      enforcing_consecutive_5xx: enforcing(outlier.consecutive5xx),
    }),
    ...(outlier.consecutiveGatewayFailure !== undefined && {
      consecutive_gateway_failure: outlier.consecutiveGatewayFailure,
      enforcing_consecutive_gateway_failure: enforcing(outlier.consecutiveGatewayFailure),
    }),
    ...(outlier.splitExternalLocalOriginErrors && {
      split_external_local_origin_errors: true,
      enforcing_local_origin_success_rate: 0,
      ...(outlier.consecutiveLocalOriginFailure && {
        consecutive_local_origin_failure: outlier.consecutiveLocalOriginFailure,
        enforcing_consecutive_local_origin_failure: 100,
      }),
    }),
    ...(outlier.intervalMs !== undefined && { interval: duration(outlier.intervalMs) }),
    ...(outlier.baseEjectionTimeMs !== undefined && {
      base_ejection_time: duration(outlier.baseEjectionTimeMs),
    }),
    ...(outlier.maxEjectionPercent && { max_ejection_percent: outlier.maxEjectionPercent }),
  };
}

/** A counter of 0 is off. */
function enforcing(count: number): 0 | 100 {
  return count > 0 ? 100 : 0;
}
