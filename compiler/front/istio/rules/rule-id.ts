/**
 * What a rule is called for as long as its resource keeps its name: `default/reviews#canary`, or `default/reviews#2` for
 * one without a name of its own. Metrics and logs are told by it, so it must not change with rules elsewhere; only a rule
 * that has a name keeps it when others are put before it.
 */

import type { HttpRoute, Resource, VirtualServiceSpec } from "../../resources/model.ts";

/** By the rules of a resource: names that two of them have tell neither. */
const uniqueNames = new WeakMap<readonly HttpRoute[], ReadonlySet<string>>();

/** `rule` and `match` count from 0. One of several matches has its number behind the rule's: `#canary.2`. */
export function ruleId(
  { namespace, name, spec: { http = [] } }: Resource<VirtualServiceSpec>,
  rule: number,
  match: number | undefined,
): string {
  const own = http[rule]?.name;
  const rulePart = own && namesOf(http).has(own) ? own : rule + 1;
  const several = (http[rule]?.match?.length ?? 0) > 1;
  return `${namespace}/${name}#${rulePart}${match === undefined || !several ? "" : `.${match + 1}`}`;
}

function namesOf(http: readonly HttpRoute[]): ReadonlySet<string> {
  let unique = uniqueNames.get(http);
  if (unique === undefined) {
    const seen = new Set<string>();
    const twice = new Set<string>();
    for (const { name } of http.filter((one) => one?.name)) {
      (seen.has(name!) ? twice : seen).add(name!);
    }
    unique = new Set([...seen].filter((name) => !twice.has(name)));
    uniqueNames.set(http, unique);
  }
  return unique;
}
