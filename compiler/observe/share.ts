/** Whether a destination has what it is to have of its rule's requests, as far as the requests that were seen can tell. */

import { likelyProbability } from "../binomial.ts";
import type { Share } from "./live-report.ts";

/**
 * `seen` of `of` requests. `sticky`: requests of one client go to one destination, so they are no coins thrown independently, and say
 * nothing certain about the weights.
 */
export function shareOf(wanted: number, seen: number, of: number, sticky: boolean): Share {
  const { low, high } = sticky ? { low: 0, high: 1 } : likelyProbability(seen, of);
  return {
    wanted,
    seen: of === 0 ? 0 : seen / of,
    low,
    high,
    of,
    agrees: low <= wanted && wanted <= high,
  };
}
