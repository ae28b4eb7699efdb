/** What a virtual host says of rules that left no route in it. */

import type { Omission, Route, VirtualHost } from "../../../ir/ir.ts";

/** A rule that is omitted at one Gateway may have its route by another one of the same port. */
export function omissions(
  omitted: readonly Omission[],
  routes: readonly Route[],
): Pick<VirtualHost, "omitted"> {
  if (omitted.length === 0) {
    return {};
  }
  const here = new Set(routes.map(({ origin }) => keyOf(origin)));
  const missing = omitted.filter(({ origin }) => !here.has(keyOf(origin)));
  return missing.length === 0 ? {} : { omitted: missing };
}

function keyOf(origin: Route["origin"]): string {
  return origin === undefined ? "" : `${origin.resource} ${origin.rule} ${origin.match ?? ""}`;
}
