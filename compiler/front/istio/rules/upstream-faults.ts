/** The annotation `sluice.dev/fault-scope: upstream`. */

import { createHash } from "node:crypto";
import type { Destination, Fault, Forward, RetryPolicy, UpstreamFault } from "../../../ir/ir.ts";
import { compareStrings } from "../../../ir/text.ts";

/** What a rule says of its fault, and of choosing an endpoint behind it. */
interface FaultyRoute {
  readonly fault: Fault;
  readonly retry: RetryPolicy;
  readonly hash: Pick<Forward, "hash">;
}

/** Those that rules ask for, collected while they are lowered. */
export class UpstreamFaults {
  readonly #byName = new Map<string, UpstreamFault>();

  /** The destinations with a fault before each. */
  before(destinations: readonly Destination[], route: FaultyRoute): Destination[] {
    return destinations.map((destination) => this.#before(destination, route));
  }

  #before(destination: Destination, { fault, retry, hash }: FaultyRoute): Destination {
    const content = { cluster: destination.cluster, fault, retry: retriesBehind(retry), ...hash };
    const digest = createHash("sha256").update(JSON.stringify(content)).digest("base64url");
    const name = `fault|${digest.slice(0, NAME_LENGTH)}|${destination.cluster}`;
    this.#byName.set(name, { name, ...content });
    return { ...destination, fault: name };
  }

  all(): UpstreamFault[] {
    return [...this.#byName.values()].sort((a, b) => compareStrings(a.name, b.name));
  }
}

/** Named after the content: during a reload, the old one and the new one stand side by side. */
const NAME_LENGTH = 12;

/** To the router before the fault these look like an answer of 503. */
const FAILURES: ReadonlySet<string> = new Set([
  "connect-failure",
  "refused-stream",
  "reset",
  "reset-before-request",
]);
const ANSWERED_BY_503: ReadonlySet<string> = new Set(["5xx", "gateway-error"]);

/** What the router behind the fault has to retry, because the one before it does not retry a 503. */
function retriesBehind(retry: RetryPolicy): RetryPolicy {
  const { retryOn, retriableStatusCodes, avoidPreviousHosts, avoidPreviousPriorities, backOffMs } = retry;
  const conditions = retryOn.filter((condition) => FAILURES.has(condition));
  const coveredBefore =
    retryOn.some((condition) => ANSWERED_BY_503.has(condition)) ||
    (retryOn.includes("retriable-status-codes") && retriableStatusCodes.includes(503));
  const attempts = coveredBefore || conditions.length === 0 ? 0 : retry.attempts;
  return {
    attempts,
    perTryTimeoutMs: 0,
    retryOn: attempts === 0 ? [] : conditions,
    retriableStatusCodes: [],
    ...(attempts > 0 && {
      ...(avoidPreviousHosts !== undefined && { avoidPreviousHosts }),
      ...(avoidPreviousPriorities !== undefined && { avoidPreviousPriorities }),
      ...(backOffMs !== undefined && { backOffMs }),
    }),
  };
}
