/** What becomes of a request, reduced to what can be seen: routes with the same text decide the same. */

import { canonicalJson } from "../../ir/canonical-json.ts";
import type { Action, Destination, Forward, Route } from "../../ir/ir.ts";
import { compareStrings } from "../../ir/text.ts";

/** Names of rules and of statistics are nobody's business here; nor is the order of a split. */
export function outcomeOf({ match, rateLimit, fault, cors, responseHeaders, action }: Route): string {
  return canonicalJson({
    action: normalised(action),
    rateLimit,
    fault,
    cors,
    responseHeaders: isNothing(responseHeaders) ? undefined : responseHeaders,
    // What a rewrite replaces is what the route has matched.
    ...(replacesMatch(action) && { matched: match.path ?? null }),
  });
}

function isNothing(mutation: Route["responseHeaders"]): boolean {
  return mutation === undefined || (mutation.remove.length === 0 && mutation.write.length === 0);
}

export function replacesMatch(action: Action): boolean {
  if (action.kind === "forward") {
    return action.rewrite?.kind === "matched";
  }
  return action.kind === "redirect" && action.path?.kind === "matched";
}

function normalised(action: Action): Action {
  if (action.kind !== "forward") {
    return action;
  }
  const destinations = normalisedSplit(action);
  return { ...action, destinations };
}

function normalisedSplit({ destinations }: Forward): Destination[] {
  const divisor = destinations.reduce((common, { weight }) => gcd(common, weight), 0) || 1;
  return destinations
    .map((destination) => ({ ...destination, weight: destination.weight / divisor }))
    .map((destination) => ({ destination, key: canonicalJson(destination) }))
    .sort((a, b) => compareStrings(a.key, b.key))
    .map(({ destination }) => destination);
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
