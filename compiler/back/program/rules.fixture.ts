/**
 * Short ways to write route tables in tests.
 */

import type { Action, Fault, HeaderMatch, Route, RouteMatch, RouteTable, ValueMatch } from "../../ir/ir.ts";
import type { RateLimit } from "../../ir/rate-limit.ts";
import { DEFAULT_RETRY } from "../../ir/route-class.ts";

export const exact = (value: string) => ({ kind: "exact", value }) as const;
export const prefix = (value: string) => ({ kind: "prefix", value }) as const;
export const regex = (value: string) => ({ kind: "regex", value }) as const;
export const present = { kind: "present" } as const;

export function header(name: string, match: ValueMatch, more: Partial<HeaderMatch> = {}): HeaderMatch {
  return { name, match, invert: false, missingAsEmpty: false, ...more };
}

/** To clusters by weight; a name alone is the only one. */
export function to(clusters: string | Readonly<Record<string, number>>): Action {
  const destinations =
    typeof clusters === "string"
      ? [{ cluster: clusters, weight: 1 }]
      : Object.entries(clusters).map(([cluster, weight]) => ({ cluster, weight }));
  return { kind: "forward", destinations, timeoutMs: 0, retry: DEFAULT_RETRY };
}

interface RouteParts extends Partial<RouteMatch> {
  readonly ignoreCase?: boolean;
  readonly rateLimit?: RateLimit;
  readonly fault?: Fault;
}

export function route(
  path: ReturnType<typeof exact> | ReturnType<typeof prefix> | ReturnType<typeof regex> | undefined,
  action: Action | string,
  { ignoreCase = false, rateLimit, fault, headers = [], queryParams = [] }: RouteParts = {},
): Route {
  return {
    name: "",
    match: { ...(path ? { path: { ...path, ignoreCase } } : {}), headers, queryParams },
    ...(rateLimit ? { rateLimit } : {}),
    ...(fault ? { fault } : {}),
    action: typeof action === "string" ? to(action) : action,
  };
}

/** A route of a rule, `namespace/name#rule`, and of one of its matches if it has several. */
export function ofRule(ruleId: string, made: Route, match?: string): Route {
  const span = { file: { path: "", text: "" }, start: 0, end: 0 };
  const id = match === undefined ? ruleId : `${ruleId}.${match}`;
  return { ...made, origin: { ruleId, id, resource: ruleId, rule: 0, span } };
}

/** One virtual host for each entry: its domains, separated by blanks, and its routes. */
export function table(
  hosts: Readonly<Record<string, readonly Route[]>>,
  ignorePortInHost = true,
): RouteTable {
  return {
    ignorePortInHost,
    virtualHosts: Object.entries(hosts).map(([domains, routes], i) => ({
      name: `host-${i}`,
      domains: domains.split(" "),
      routes,
    })),
  };
}
