/** The rules that serve, under the labels of their statistics: where each stands, what it asks for, what it does. */

import { conditionsOf } from "../answers/explain/explanation.ts";
import { labelValue, matchLabel, ruleLabel } from "../back/stat-names.ts";
import type { Config, Fault, Route } from "../ir/ir.ts";
import { place } from "../ir/origin.ts";

/** One rule at one listener, or one of its matches where it has several. Fields are added, never changed or removed. */
export interface ListedRule {
  /** Labels, as in `LiveRule`. */
  readonly listener: string;
  readonly rule: string;
  readonly match?: string;
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** Of all virtual hosts at the listener in which it serves. */
  readonly domains: readonly string[];
  /** What is asked for, as `explain` says it; none takes every request. */
  readonly conditions: readonly string[];
  /** By label; none for a rule that answers itself. */
  readonly destinations: readonly { readonly cluster: string; readonly weight: number }[];
  readonly answers?: "redirect" | "direct";
  readonly fault?: Fault;
}

/** In the order of listeners and virtual hosts, and in each as they are tried. */
export function listedRules({ listeners }: Config): readonly ListedRule[] {
  const listed = new Map<string, ListedRule>();
  for (const { name, routes } of listeners) {
    const listener = labelValue(name);
    for (const host of routes.virtualHosts) {
      for (const route of host.routes) {
        if (route.origin !== undefined) {
          const one = listedRule(listener, route, host.domains);
          const key = `${listener} ${route.origin.id}`;
          const known = listed.get(key);
          // One resource may rule several virtual hosts.
          listed.set(key, known ? { ...known, domains: [...known.domains, ...one.domains] } : one);
        }
      }
    }
  }
  return [...listed.values()];
}

function listedRule(
  listener: string,
  { origin, match, action, fault }: Route,
  domains: readonly string[],
): ListedRule {
  const { file = "", line = 0 } = place(origin);
  const matched = matchLabel(origin);
  return {
    listener,
    rule: ruleLabel(origin),
    ...(matched !== "" && { match: matched }),
    file,
    line,
    domains,
    conditions: conditionsOf(match),
    destinations:
      action.kind === "forward"
        ? action.destinations.map(({ cluster, weight }) => ({ cluster: labelValue(cluster), weight }))
        : [],
    ...(action.kind !== "forward" && { answers: action.kind === "redirect" ? "redirect" : "direct" }),
    ...(fault !== undefined && { fault }),
  };
}
