/** The annotation `sluice.dev/fault-scope: upstream`. */

import { createHash } from "node:crypto";
import type { Destination, Fault, Forward, RetryPolicy, UpstreamFault } from "../../../ir/ir.ts";
import { hostChoice } from "../../../ir/route-class.ts";

/** What a rule says of its fault, and of choosing an endpoint behind it. */
interface FaultyRoute {
  readonly fault: Fault;
  readonly retry: RetryPolicy;
  readonly hash: Pick<Forward, "hash">;
}

/** The destinations with a fault before each, and those faults. */
export function faultsBefore(
  destinations: readonly Destination[],
  { fault, retry, hash }: FaultyRoute,
): { readonly destinations: readonly Destination[]; readonly faults: readonly UpstreamFault[] } {
  const faults = destinations.map(({ cluster }): UpstreamFault => {
    const content = { cluster, fault, retry: retriesBehind(retry), ...hash };
    const digest = createHash("sha256").update(textOf(content)).digest("base64url");
    return { name: `fault|${digest.slice(0, NAME_LENGTH)}|${cluster}`, ...content };
  });
  return {
    destinations: destinations.map((destination, i) => ({ ...destination, fault: faults[i]!.name })),
    faults,
  };
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
  const { retryOn, retriableStatusCodes } = retry;
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
    avoidPreviousHosts: true,
    avoidPreviousPriorities: false,
    ...(attempts > 0 && hostChoice(retry)),
  };
}

/** What a name is a digest of, in one order whatever the content was put together in. Defaults have no part in it. */
function textOf({ cluster, fault, retry, hash }: Omit<UpstreamFault, "name">): string {
  const { attempts, perTryTimeoutMs, retryOn, retriableStatusCodes } = retry;
  const said = { attempts, perTryTimeoutMs, retryOn, retriableStatusCodes, ...hostChoice(retry) };
  return JSON.stringify({ cluster, fault, retry: said, ...(hash && { hash }) });
}
