/** A cluster's limits. */

import type { Limits } from "../../ir/ir.ts";
import { duration } from "./protobuf.ts";

/** `envoy.config.cluster.v3.CircuitBreakers` */
export interface CircuitBreakers {
  readonly thresholds: readonly {
    readonly max_connections: number;
    readonly max_pending_requests: number;
    readonly max_requests: number;
    readonly max_retries: number;
    readonly retry_budget?: {
      readonly budget_percent: { readonly value: number };
      readonly budget_interval?: string;
      readonly min_retry_concurrency: number;
    };
  }[];
}

/** What istiod writes for a limit that no rule sets: Envoy's own defaults (1024, 3 retries) are far lower. */
const UNLIMITED = 4_294_967_295;

export function emitCircuitBreakers(limits: Limits): CircuitBreakers {
  return {
    thresholds: [
      {
        max_connections: limits.maxConnections ?? UNLIMITED,
        max_pending_requests: limits.maxPendingRequests ?? UNLIMITED,
        max_requests: limits.maxRequests ?? UNLIMITED,
        max_retries: limits.maxRetries ?? UNLIMITED,
        ...(limits.retryBudget && {
          retry_budget: {
            budget_percent: { value: limits.retryBudget.percent },
            ...(limits.retryBudget.intervalMs !== undefined && {
              budget_interval: duration(limits.retryBudget.intervalMs),
            }),
            min_retry_concurrency: limits.retryBudget.minimum,
          },
        }),
      },
    ],
  };
}
