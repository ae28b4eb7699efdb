/** `http[].retries`. */

import type { RetryPolicy } from "../../../ir/ir.ts";
import { DEFAULT_RETRY } from "../../../ir/route-class.ts";
import type { HttpRetry } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";
import { isNamedStatusCode } from "./status-codes.ts";

const RETRIABLE_STATUS_CODES = "retriable-status-codes";

export const NO_RETRY: RetryPolicy = {
  attempts: 0,
  perTryTimeoutMs: 0,
  retryOn: [],
  retriableStatusCodes: [],
  avoidPreviousHosts: true,
  avoidPreviousPriorities: false,
};

/** `retries` of a rule, or else the mesh's (`meshConfig.defaultHttpRetryPolicy`). */
export function lowerRetries(retries: HttpRetry | undefined): RetryPolicy {
  if (retries === undefined) {
    return DEFAULT_RETRY;
  }
  const attempts = retries.attempts ?? 0;
  if (attempts <= 0) {
    return NO_RETRY;
  }
  return {
    attempts,
    perTryTimeoutMs: durationMs(retries.perTryTimeout) ?? 0,
    ...(retries.retryOn
      ? lowerRetryOn(retries.retryOn)
      : { retryOn: DEFAULT_RETRY.retryOn, retriableStatusCodes: [] }),
    avoidPreviousHosts: retries.retryIgnorePreviousHosts !== false,
    avoidPreviousPriorities: retries.retryRemoteLocalities === true,
    ...lowerBackoff(retries.backoff),
  };
}

function lowerBackoff(backoff: string | undefined): { readonly backOffMs?: number } {
  const backOffMs = durationMs(backoff);
  return backOffMs === undefined ? {} : { backOffMs };
}

/** Numbers among the conditions are status codes, for which Envoy has a list of its own. */
function lowerRetryOn(text: string): Pick<RetryPolicy, "retryOn" | "retriableStatusCodes"> {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const retriableStatusCodes = parts.filter(isNamedStatusCode).map(Number);
  const retryOn = parts.filter((part) => !isNamedStatusCode(part));
  if (retriableStatusCodes.length > 0 && !retryOn.includes(RETRIABLE_STATUS_CODES)) {
    retryOn.push(RETRIABLE_STATUS_CODES);
  }
  return { retryOn, retriableStatusCodes };
}
