/** Envoy's retry policy, as istiod writes it. */

import type { RetryPolicy } from "../ir/ir.ts";
import { duration, type Extension, typed } from "./protobuf.ts";

/** `envoy.config.route.v3.RetryPolicy` */
export interface EnvoyRetryPolicy {
  readonly retry_on?: string;
  readonly num_retries?: number;
  readonly per_try_timeout?: string;
  readonly retriable_status_codes?: readonly number[];
  readonly retry_host_predicate: readonly Extension[];
  readonly host_selection_retry_max_attempts: number;
}

/** A retry goes to a host that has not been tried, if five draws find one. */
export const PREVIOUS_HOSTS: EnvoyRetryPolicy = {
  retry_host_predicate: [
    {
      name: "envoy.retry_host_predicates.previous_hosts",
      typed_config: typed("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate", {}),
    },
  ],
  host_selection_retry_max_attempts: 5,
};

/** What istiod gives a route that says nothing about retries. */
export const DEFAULT_RETRY_POLICY = retryPolicy({
  attempts: 2,
  perTryTimeoutMs: 0,
  retryOn: ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"],
  retriableStatusCodes: [],
});

/** `undefined`: no retries. */
export function emitRetryPolicy(retry: RetryPolicy): EnvoyRetryPolicy | undefined {
  return retry.attempts === 0 ? undefined : retryPolicy(retry);
}

function retryPolicy(retry: RetryPolicy): EnvoyRetryPolicy {
  return {
    retry_on: retry.retryOn.join(","),
    num_retries: retry.attempts,
    ...(retry.perTryTimeoutMs > 0 && { per_try_timeout: duration(retry.perTryTimeoutMs) }),
    ...(retry.retriableStatusCodes.length > 0 && { retriable_status_codes: retry.retriableStatusCodes }),
    ...PREVIOUS_HOSTS,
  };
}
