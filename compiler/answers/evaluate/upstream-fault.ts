/**
 * A fault that stands in its upstream's place, which Envoy injects and not the filter: each try of the router meets it
 * anew, within the rule's timeouts. How long Envoy waits between tries is left out; it is drawn by lot.
 */

import type { Fault, RetryPolicy } from "../../ir/ir.ts";
import type { TimeLimits } from "./time-limits.ts";

export interface FaultyUpstream {
  /** All tries together. */
  readonly elapsedMs: number;
  /** Absent: the last try went through to the upstream. */
  readonly answer?: { readonly status: number; readonly grpcStatus?: number; readonly body: string };
}

/** `roll` is true in so many cases of a million. */
export function meetFault(
  fault: Fault,
  { timeoutMs, perTryTimeoutMs }: TimeLimits,
  retry: RetryPolicy,
  roll: (perMillion: number) => boolean,
): FaultyUpstream {
  let elapsedMs = 0;
  for (let tries = 0; ; tries++) {
    const { delay, abort } = fault;
    const waits = delay !== undefined && roll(delay.perMillion) ? delay.fixedMs : 0;
    const patience = perTryTimeoutMs > 0 ? perTryTimeoutMs : Number.POSITIVE_INFINITY;
    elapsedMs += Math.min(waits, patience);
    if (timeoutMs > 0 && elapsedMs >= timeoutMs) {
      return { elapsedMs: timeoutMs, answer: { status: 504, body: "upstream request timeout" } };
    }
    const aborts = abort !== undefined && roll(abort.perMillion);
    const answer =
      waits >= patience
        ? { status: 504, body: "upstream request timeout" }
        : !aborts
          ? undefined
          : abort.kind === "http"
            ? { status: abort.status, body: "fault filter abort" }
            : { status: 200, grpcStatus: abort.status, body: "fault filter abort" };
    if (answer === undefined) {
      return { elapsedMs };
    }
    if (tries >= retry.attempts || !isRetried(answer, retry)) {
      return { elapsedMs, answer };
    }
  }
}

/** gRPC statuses by the names that conditions have for them. */
const GRPC_CONDITIONS: Readonly<Record<number, string>> = {
  1: "cancelled",
  4: "deadline-exceeded",
  8: "resource-exhausted",
  13: "internal",
  14: "unavailable",
};

function isRetried(
  { status, grpcStatus }: { readonly status: number; readonly grpcStatus?: number },
  { retryOn, retriableStatusCodes }: RetryPolicy,
): boolean {
  return retryOn.some((condition) => {
    switch (condition) {
      case "5xx":
        return status >= 500;
      case "gateway-error":
        return status >= 502 && status <= 504;
      case "retriable-4xx":
        return status === 409;
      case "retriable-status-codes":
        return retriableStatusCodes.includes(status);
      default:
        return grpcStatus !== undefined && GRPC_CONDITIONS[grpcStatus] === condition;
    }
  });
}
