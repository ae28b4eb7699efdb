/**
 * Rules that istiod warns of because an earlier one takes their requests: behind a rule without a match, or a
 * repeated match, or behind a shorter prefix. Text is compared, nothing is proved. Source: istiod's
 * `analyzeUnreachableHTTPRules` and `coveredValidation`.
 */

import { canonicalJson } from "../../../ir/canonical-json.ts";
import type { FieldPath } from "../../resources/resource.ts";
import type { HttpMatchRequest, StringMatch, VirtualServiceSpec } from "../../resources/types.ts";
import { each, type Reporter } from "./reporter.ts";

interface Rule {
  readonly match?: readonly object[];
  readonly delegate?: object;
}

export function warnUnreachable(reporter: Reporter, spec: VirtualServiceSpec): void {
  const useless = new Set<object>();
  for (const kind of ["http", "tls", "tcp"] as const) {
    warnRules(reporter, (spec[kind] ?? []) as readonly Rule[], ["spec", kind], useless);
  }
  warnCoveredPrefixes(reporter, spec, useless);
}

/** Adds to `useless` the matches that it speaks of. */
function warnRules(reporter: Reporter, rules: readonly Rule[], path: FieldPath, useless: Set<object>): void {
  let matchless: number | undefined;
  /** Matches, with whether they are there only in rules that delegate. */
  const seen = new Map<string, boolean>();
  each(rules, path, (rule, at, i) => {
    if (!rule) {
      return;
    }
    if (!rule.match?.length) {
      if (matchless !== undefined) {
        reporter.report("SL0270", at, behind(rules, matchless));
      } else {
        matchless = i;
      }
      return;
    }
    let repeated = 0;
    let delegated = 0;
    each(rule.match, [...at, "match"], (match, place) => {
      if (matchless !== undefined) {
        reporter.report("SL0270", place, behind(rules, matchless));
        useless.add(match);
        return;
      }
      const key = conditionsOf(match);
      const isDelegated = seen.get(key);
      seen.set(key, (isDelegated ?? true) && rule.delegate !== undefined);
      if (isDelegated === undefined) {
        return;
      }
      useless.add(match);
      repeated++;
      delegated += Number(isDelegated);
      reporter.report(
        "SL0271",
        place,
        isDelegated
          ? "an earlier match is the same; only what its delegate leaves gets here"
          : "an earlier match is the same, and gets all its requests",
      );
    });
    if (repeated > 0 && repeated === rule.match.length) {
      reporter.report(
        "SL0270",
        at,
        delegated > 0
          ? "only what delegates leave gets here: all matches of the rule repeat earlier ones"
          : "the rule is never reached: all its matches repeat earlier ones",
      );
    }
  });
}

/** What a match asks. Its name asks nothing, and neither does a field that has the value it has when left out. */
function conditionsOf(match: object | null): string {
  return canonicalJson(
    Object.fromEntries(
      Object.entries(match ?? {}).filter(([field, value]) => field !== "name" && !isUnset(field, value)),
    ),
  );
}

const MAPS = new Set(["headers", "withoutHeaders", "queryParams", "sourceLabels"]);

function isUnset(field: string, value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.length === 0;
  }
  if (typeof value === "object" && value !== null) {
    return MAPS.has(field) && Object.keys(value).length === 0;
  }
  return !value;
}

/** istiod's warning does not look into a delegate, which may leave something. */
function behind(rules: readonly Rule[], matchless: number): string {
  return rules[matchless]?.delegate === undefined
    ? `the rule is never reached: rule ${matchless + 1} matches every request`
    : `only what the delegate of rule ${matchless + 1} leaves gets here: that rule matches every request`;
}

function warnCoveredPrefixes(
  reporter: Reporter,
  spec: VirtualServiceSpec,
  useless: ReadonlySet<object | null>,
): void {
  const earlier = new Map<string, Prefixes>();
  each(spec.http, ["spec", "http"], (rule, at) => {
    each(rule?.match, [...at, "match"], (match, place) => {
      const prefix = match?.uri?.prefix;
      if (!prefix || useless.has(match)) {
        return;
      }
      const key = withoutValues(match);
      const prefixes = earlier.get(key) ?? new Prefixes();
      earlier.set(key, prefixes);
      const values = textsOf(match);
      const by = prefixes.shorterThan(prefix, values);
      if (by !== undefined) {
        reporter.report(
          "SL0271",
          place,
          `requests that start with "${prefix}" already match the earlier prefix "${by}"`,
          "Put the longer prefix first.",
        );
      }
      prefixes.add(prefix, values);
    });
  });
}

/** How many times values are compared at most; beyond that only equal ones are found. */
const MOST_COMPARISONS = 1_000_000;

/** Prefixes of matches that ask for the same things, each with the values that it asks for. */
class Prefixes {
  readonly #values = new Map<string, Map<string, readonly string[]>>();
  readonly #lengths = new Set<number>();
  #comparisons = 0;

  add(prefix: string, values: readonly string[]): void {
    const known = this.#values.get(prefix) ?? new Map<string, readonly string[]>();
    known.set(JSON.stringify(values), values);
    this.#values.set(prefix, known);
    this.#lengths.add(prefix.length);
  }

  /** One that takes what begins with `prefix`, as far as istiod looks at the values. */
  shorterThan(prefix: string, values: readonly string[]): string | undefined {
    const key = JSON.stringify(values);
    // There are few lengths, and a prefix may be a megabyte long.
    for (const length of this.#lengths) {
      if (length >= prefix.length) {
        continue;
      }
      const shorter = prefix.slice(0, length);
      const known = this.#values.get(shorter);
      if (known?.has(key) || (known && this.#someBeginWith(known.values(), values))) {
        return shorter;
      }
    }
    return undefined;
  }

  #someBeginWith(known: Iterable<readonly string[]>, values: readonly string[]): boolean {
    for (const others of known) {
      if (++this.#comparisons > MOST_COMPARISONS) {
        return false;
      }
      if (others.every((other, i) => other.startsWith(values[i]!))) {
        return true;
      }
    }
    return false;
  }
}

const CONDITIONS = ["headers", "queryParams", "withoutHeaders"] as const;

/** What two matches must have in common for one to cover the other: the port, and what is asked of by name. */
function withoutValues(match: HttpMatchRequest): string {
  return canonicalJson([
    match.port ?? 0,
    ...CONDITIONS.map((field) => Object.keys(match[field] ?? {}).sort()),
  ]);
}

/** The texts that istiod compares; a regular expression is none. */
function textsOf(match: HttpMatchRequest): string[] {
  const named = CONDITIONS.flatMap((field) =>
    Object.keys(match[field] ?? {})
      .sort()
      .map((name) => textOf(match[field]?.[name])),
  );
  return [textOf(match.method) || textOf({ exact: "GET" }), textOf(match.authority), ...named];
}

function textOf(match: StringMatch | null | undefined): string {
  if (match?.exact) {
    return `exact:${match.exact}`;
  }
  return match?.prefix ? `prefix:${match.prefix}` : "";
}
