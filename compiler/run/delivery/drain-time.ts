/** How long requests that rules have decided may still come for a cluster, should other rules take over now. */

import type { Config, Forward, Route, VirtualHost } from "../../ir/ir.ts";
import { perStretch } from "../../lists/stretches.ts";

/** For requests on their way. */
const BASE_MS = 2_000;
/**
 * For a request that is tried again without a limit to any of its tries: an upstream may take as long as it likes before it fails.
 */
const UNLIMITED_MS = 30_000;
/** Longer than any request is waited for, and within what a timer can. */
const MOST_MS = 3_600_000;
/** Envoy doubles the pause before each further try up to ten times the first, and draws from that. */
const BACK_OFF_MS = 25;
const BACK_OFF_FACTOR = 10;

/** A delayed request has its cluster before the delay, and asks for it after; each further try asks again. */
export function drainTime(config: Config): number {
  let longest = 0;
  let behind = 0;
  for (const { fault } of config.upstreamFaults ?? []) {
    behind = Math.max(behind, fault.delay?.fixedMs ?? 0);
  }
  for (const { routes } of config.listeners) {
    longest = Math.max(longest, ...longestOfStretches(routes.virtualHosts));
  }
  return Math.min(BASE_MS + longest + behind, MOST_MS);
}

const longestOfStretches = perStretch((hosts: readonly VirtualHost[]) => {
  let longest = 0;
  for (const { routes } of hosts) {
    for (const route of routes) {
      longest = Math.max(longest, (route.fault?.delay?.fixedMs ?? 0) + triesOf(route));
    }
  }
  return longest;
});

/** From the first try to the beginning of the last. */
function triesOf({ action }: Route): number {
  if (action.kind !== "forward" || action.retry.attempts === 0) {
    return 0;
  }
  const { timeoutMs } = action;
  const each = tryOf(action);
  const all = each === undefined ? UNLIMITED_MS : action.retry.attempts * each;
  return timeoutMs > 0 ? Math.min(timeoutMs, all) : all;
}

/** `undefined`: without a limit. */
function tryOf({ retry, timeoutMs }: Forward): number | undefined {
  const limit = retry.perTryTimeoutMs > 0 ? retry.perTryTimeoutMs : timeoutMs;
  return limit > 0 ? limit + (retry.backOffMs ?? BACK_OFF_MS) * BACK_OFF_FACTOR : undefined;
}
