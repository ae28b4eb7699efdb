/** Retry policies. Source: istiod's `agent.ValidateHTTPRetry`. */

import type { FieldPath } from "../../resources/resource.ts";
import type { HttpRetry } from "../../resources/types.ts";
import { isNamedStatusCode } from "../rules/status-codes.ts";
import { checkDuration, quote } from "./common.ts";
import type { Reporter } from "./reporter.ts";

const CONDITIONS = new Set(
  `5xx gateway-error reset reset-before-request connect-failure retriable-4xx refused-stream
   retriable-status-codes retriable-headers envoy-ratelimited http3-post-connect-failure cancelled
   deadline-exceeded internal resource-exhausted unavailable`.split(/\s+/),
);

export function checkRetries(reporter: Reporter, retries: HttpRetry | undefined, path: FieldPath): void {
  if (!retries) {
    return;
  }
  const attempts = retries.attempts ?? 0;
  if (attempts < 0) {
    reporter.report(
      "SL0251",
      [...path, "attempts"],
      `${attempts} is not a valid number of attempts; use 0 or more`,
    );
  }
  if (attempts === 0) {
    for (const field of ["perTryTimeout", "retryOn", "retryRemoteLocalities"] as const) {
      if (retries[field] !== undefined && retries[field] !== "") {
        reporter.report(
          "SL0251",
          [...path, field],
          `${field} contradicts attempts: 0`,
          `Set attempts, or remove ${field}.`,
        );
      }
    }
  }
  checkDuration(reporter, retries.perTryTimeout, [...path, "perTryTimeout"]);
  checkDuration(reporter, retries.backoff, [...path, "backoff"]);
  if (retries.retryOn) {
    for (const condition of retries.retryOn.split(",")) {
      if (!CONDITIONS.has(condition) && !isNamedStatusCode(condition)) {
        reporter.report(
          "SL0252",
          [...path, "retryOn"],
          `${quote(condition)} is not a valid retry condition`,
          `Use status codes and ${[...CONDITIONS].join(", ")}, separated by commas without spaces.`,
        );
      }
    }
  }
}
