/**
 * Rules that istiod warns of because an earlier one takes their requests: behind a rule without a match, or a
 * repeated match, or behind a shorter prefix. Text is compared, nothing is proved. Source: istiod's
 * `analyzeUnreachableHTTPRules` and `coveredValidation`.
 */

import { isDeepStrictEqual } from "node:util";
import type { FieldPath } from "../resource.ts";
import type { HttpMatchRequest, VirtualServiceSpec } from "../types.ts";
import { type Check, each } from "./check.ts";

interface Rule {
  readonly match?: readonly object[];
  readonly delegate?: object;
}

export function warnUnreachable(check: Check, spec: VirtualServiceSpec): void {
  for (const kind of ["http", "tls", "tcp"] as const) {
    warnRules(check, (spec[kind] ?? []) as readonly Rule[], ["spec", kind]);
  }
  warnCoveredPrefixes(check, spec);
}

function warnRules(check: Check, rules: readonly Rule[], path: FieldPath): void {
  let matchless: number | undefined;
  const seen: object[] = [];
  each(rules, path, (rule, at, i) => {
    if (!rule) return;
    if (!rule.match?.length) {
      if (matchless !== undefined) {
        check.report("SL0270", at, behind(rules, matchless));
      } else matchless = i;
      return;
    }
    let repeated = 0;
    each(rule.match, [...at, "match"], (match, place) => {
      if (matchless !== undefined) {
        check.report("SL0270", place, behind(rules, matchless));
        return;
      }
      const { name: _, ...conditions } = (match ?? {}) as { name?: string };
      if (seen.some((other) => isDeepStrictEqual(other, conditions))) {
        check.report("SL0271", place, "an earlier match is the same, and takes every request first");
        repeated++;
      } else seen.push(conditions);
    });
    if (repeated > 0 && repeated === rule.match.length) {
      check.report("SL0270", at, "it is never reached: all its matches are repetitions");
    }
  });
}

/** istiod's warning does not look into a delegate, which may leave something. */
function behind(rules: readonly Rule[], matchless: number): string {
  return rules[matchless]?.delegate === undefined
    ? `it is never reached: rule ${matchless + 1} takes every request`
    : `it is reached only by what the delegate of rule ${matchless + 1} leaves: that rule has no match`;
}

function warnCoveredPrefixes(check: Check, spec: VirtualServiceSpec): void {
  const earlier: HttpMatchRequest[] = [];
  each(spec.http, ["spec", "http"], (rule, at) => {
    each(rule?.match, [...at, "match"], (match, place) => {
      const prefix = match?.uri?.prefix;
      if (prefix === undefined) return;
      const by = earlier.find(
        (other) =>
          prefix !== other.uri!.prefix && prefix.startsWith(other.uri!.prefix!) && alike(other, match),
      );
      if (by) {
        check.report(
          "SL0271",
          place,
          `the earlier prefix "${by.uri!.prefix}" takes every request of "${prefix}" first`,
          "Put the longer prefix first.",
        );
      }
      earlier.push(match);
    });
  });
}

/** Everything but the path is the same, as far as istiod looks. */
function alike(a: HttpMatchRequest, b: HttpMatchRequest): boolean {
  return (
    (a.port ?? 0) === (b.port ?? 0) &&
    isDeepStrictEqual(a.method ?? { exact: "GET" }, b.method ?? { exact: "GET" }) &&
    isDeepStrictEqual(a.authority, b.authority) &&
    sameKeys(a.headers, b.headers) &&
    sameKeys(a.queryParams, b.queryParams) &&
    sameKeys(a.withoutHeaders, b.withoutHeaders)
  );
}

function sameKeys(a: object | undefined, b: object | undefined): boolean {
  return isDeepStrictEqual(Object.keys(a ?? {}).sort(), Object.keys(b ?? {}).sort());
}
