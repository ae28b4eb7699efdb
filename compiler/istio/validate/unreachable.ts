/**
 * Rules that istiod warns of because an earlier one takes their requests: behind a rule without a match, or a
 * repeated match, or behind a shorter prefix. Text is compared, nothing is proved. Source: istiod's
 * `analyzeUnreachableHTTPRules` and `coveredValidation`.
 */

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
  const seen = new Set<string>();
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
      const key = canonical(conditions);
      if (seen.has(key)) {
        check.report("SL0271", place, "an earlier match is the same, and takes every request first");
        repeated++;
      } else seen.add(key);
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
  /** Of matches that are the same but for the path. */
  const earlier = new Map<string, Prefixes>();
  each(spec.http, ["spec", "http"], (rule, at) => {
    each(rule?.match, [...at, "match"], (match, place) => {
      const prefix = match?.uri?.prefix;
      if (prefix === undefined) return;
      const key = withoutPath(match);
      const prefixes = earlier.get(key) ?? new Prefixes();
      earlier.set(key, prefixes);
      const by = prefixes.firstShorter(prefix);
      if (by !== undefined) {
        check.report(
          "SL0271",
          place,
          `the earlier prefix "${by}" takes every request of "${prefix}" first`,
          "Put the longer prefix first.",
        );
      }
      prefixes.add(prefix);
    });
  });
}

/** Prefixes in the order in which they came. */
class Prefixes {
  readonly #places = new Map<string, number>();
  readonly #lengths = new Set<number>();

  add(prefix: string): void {
    if (!this.#places.has(prefix)) this.#places.set(prefix, this.#places.size);
    this.#lengths.add(prefix.length);
  }

  firstShorter(prefix: string): string | undefined {
    let first: string | undefined;
    // There are few lengths, and a prefix may be a megabyte long.
    for (const length of this.#lengths) {
      if (length >= prefix.length) continue;
      const shorter = prefix.slice(0, length);
      const place = this.#places.get(shorter);
      if (place !== undefined && (first === undefined || place < this.#places.get(first)!)) first = shorter;
    }
    return first;
  }
}

/** Everything but the path, as far as istiod looks. */
function withoutPath({
  port,
  method,
  authority,
  headers,
  queryParams,
  withoutHeaders,
}: HttpMatchRequest): string {
  return canonical([
    port ?? 0,
    method ?? { exact: "GET" },
    authority ?? null,
    ...[headers, queryParams, withoutHeaders].map((conditions) => Object.keys(conditions ?? {}).sort()),
  ]);
}

/** The same text for the same data, however its fields are ordered. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === "object" && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
