/** The place in the input that a route came from. */

import type { Action, RouteOrigin } from "../../../ir/ir.ts";
import type { VirtualService } from "./virtual-services.ts";

/** With the whole rule's place where something of the route is the whole rule's: what is sticky. */
export function routeOrigin(
  { originOf }: VirtualService,
  rule: number,
  match: number | undefined,
  action: Action,
): RouteOrigin {
  const origin = originOf(rule, match);
  return action.kind === "forward" && action.sticky !== undefined
    ? { ...origin, ruleSpan: originOf(rule, undefined).span }
    : origin;
}
