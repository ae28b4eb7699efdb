/**
 * The headers by which rules decide, so that whoever wants to know what a request was decided by asks for those and for no
 * others.
 */

import type { Config, Route } from "../ir/ir.ts";
import { compareStrings } from "../ir/text.ts";

/** More are not sampled: each makes every sample longer. */
const MOST_SAMPLED = 64;

/** Those whose values samples of requests have, where rules are these when Envoy starts. */
export function sampledHeaders(config: Pick<Config, "listeners">): readonly string[] {
  return headersReadBy(config).slice(0, MOST_SAMPLED);
}

/** Lower case, sorted, without pseudo headers. */
export function headersReadBy({ listeners }: Pick<Config, "listeners">): readonly string[] {
  const names = new Set<string>();
  for (const { virtualHosts } of listeners.map(({ routes }) => routes)) {
    for (const route of virtualHosts.flatMap(({ routes }) => routes)) {
      for (const name of headersOf(route)) {
        names.add(name);
      }
    }
  }
  return [...names].filter((name) => !name.startsWith(":")).sort(compareStrings);
}

function headersOf({ match, cors, action }: Route): string[] {
  const sticky = action.kind === "forward" ? action.sticky : undefined;
  return [
    ...match.headers.flatMap(({ name, claim }) => (claim ? [] : [name])),
    ...(cors === undefined ? [] : ["origin"]),
    ...(sticky?.kind === "header" ? [sticky.name] : sticky?.kind === "cookie" ? ["cookie"] : []),
  ];
}
