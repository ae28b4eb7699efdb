/** Envoy's retry policy, as istiod writes it. */

import type { RetryPolicy } from "../../ir/ir.ts";
import type { HostChoice } from "../../ir/route-class.ts";
import { duration, type Extension, typed } from "./protobuf.ts";

/** `envoy.config.route.v3.RetryPolicy` */
export interface EnvoyRetryPolicy {
  readonly retry_on?: string;
  readonly num_retries?: number;
  readonly per_try_timeout?: string;
  readonly retriable_status_codes?: readonly number[];
  readonly retry_host_predicate?: readonly Extension[];
  readonly host_selection_retry_max_attempts: number;
  readonly retry_priority?: Extension;
  readonly retry_back_off?: { readonly base_interval: string };
}

const PREVIOUS_HOSTS: Extension = {
  name: "envoy.retry_host_predicates.previous_hosts",
  typed_config: typed("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate", {}),
};

const PREVIOUS_PRIORITIES: Extension = {
  name: "envoy.retry_priorities.previous_priorities",
  typed_config: typed("envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", {
    update_frequency: 2,
  }),
};

/** What no header of a request can say. Unless told otherwise, a retry goes to a host that has not been tried, if five draws find one. */
export function emitHostChoice(choice: HostChoice): EnvoyRetryPolicy {
  return {
    ...(choice.avoidPreviousHosts !== false && { retry_host_predicate: [PREVIOUS_HOSTS] }),
    host_selection_retry_max_attempts: 5,
    ...(choice.avoidPreviousPriorities && { retry_priority: PREVIOUS_PRIORITIES }),
    ...(choice.backOffMs !== undefined && {
      retry_back_off: { base_interval: duration(choice.backOffMs) },
    }),
  };
}

/** `undefined`: no retries. */
export function emitRetryPolicy(retry: RetryPolicy): EnvoyRetryPolicy | undefined {
  if (retry.attempts === 0) {
    return undefined;
  }
  return {
    retry_on: retry.retryOn.join(","),
    num_retries: retry.attempts,
    ...(retry.perTryTimeoutMs > 0 && { per_try_timeout: duration(retry.perTryTimeoutMs) }),
    ...(retry.retriableStatusCodes.length > 0 && { retriable_status_codes: retry.retriableStatusCodes }),
    ...emitHostChoice(retry),
  };
}
