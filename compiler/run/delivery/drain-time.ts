/** How long requests that rules have decided may still come for a cluster, should other rules take over now. */

import type { Config } from "../../ir/ir.ts";

/** For requests on their way, and for their retries. */
const BASE_MS = 2_000;
/** Longer than any request is waited for, and within what a timer can. */
const MOST_MS = 3_600_000;

/** A delayed request has its cluster before the delay, and asks for it after. */
export function drainTime(config: Config): number {
  let delay = 0;
  for (const { routes: table } of config.listeners) {
    for (const { routes } of table.virtualHosts) {
      for (const { fault } of routes) {
        delay = Math.max(delay, fault?.delay?.fixedMs ?? 0);
      }
    }
  }
  return Math.min(BASE_MS + delay, MOST_MS);
}
