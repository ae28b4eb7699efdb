/**
 * What a rule is called for as long as its resource keeps its name: `default/reviews#canary`, or `default/reviews#2` for
 * one without a name of its own. Metrics and logs are told by it, so it must not change with rules elsewhere; only a rule
 * that has a name keeps it when others are put before it.
 */

import type { Resource, VirtualServiceSpec } from "../../resources/model.ts";

/** Of rules, or of the matches of one. */
type Named = { readonly name?: string };

/** By the rules of a resource, and the matches of a rule. */
const uniqueNames = new WeakMap<readonly Named[], ReadonlySet<string>>();

/** `rule` counts from 0. */
export function ruleId(
  { namespace, name, spec: { http = [] } }: Resource<VirtualServiceSpec>,
  rule: number,
): string {
  return `${namespace}/${name}#${nameIn(http, rule)}`;
}

/** The id of a rule's match. Where there are several it is told behind the rule's: `#canary.mobile`, `#canary.2`. */
export function matchId(
  resource: Resource<VirtualServiceSpec>,
  rule: number,
  match: number | undefined,
): string {
  const { match: matches = [] } = resource.spec.http?.[rule] ?? {};
  const id = ruleId(resource, rule);
  return match === undefined || matches.length < 2 ? id : `${id}.${nameIn(matches, match)}`;
}

/** The name of one of several, or its number from 1 where the name would not tell it from the others. */
function nameIn(all: readonly Named[], index: number): string {
  const own = all[index]?.name;
  return own && namesOf(all).has(own) ? own : String(index + 1);
}

/** Names that two of them have tell neither, and one that is a number could be that of another. */
function namesOf(all: readonly Named[]): ReadonlySet<string> {
  let unique = uniqueNames.get(all);
  if (unique === undefined) {
    const seen = new Set<string>();
    const twice = new Set<string>();
    for (const { name } of all.filter((one) => one?.name)) {
      (seen.has(name!) ? twice : seen).add(name!);
    }
    unique = new Set([...seen].filter((name) => !twice.has(name) && !/^\d+$/.test(name)));
    uniqueNames.set(all, unique);
  }
  return unique;
}
