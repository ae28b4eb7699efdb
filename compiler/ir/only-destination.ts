/**
 * The destination of a route that does not split. One that has operations of its own is a split of one part: those
 * come before the route's, and of its host the upstream is not told what it took the place of.
 */

import type { Destination, Forward } from "./ir.ts";

export function onlyDestination({ destinations }: Pick<Forward, "destinations">): Destination | undefined {
  const [first, ...others] = destinations;
  return first === undefined ||
    others.length > 0 ||
    first.requestHeaders !== undefined ||
    first.responseHeaders !== undefined ||
    first.hostRewrite !== undefined
    ? undefined
    : first;
}
