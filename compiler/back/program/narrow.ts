/**
 * How well an attribute tells candidates apart: what the graph chooses by.
 */

import { compareStrings } from "../../ir/text.ts";
import type { Predicate } from "./attributes.ts";
import type { Candidate } from "./candidate.ts";

/** What a switch on an attribute would do to a list of candidates. */
export interface Narrowing {
  readonly attribute: number;
  /** Candidates that have a key on it. The others have to be looked at whatever its value. */
  readonly keyed: number;
  /** The most keyed candidates that a single value can leave. */
  readonly largest: number;
  /** The most prefixes of one text that are looked at one after another. */
  readonly chain: number;
}

/** What a candidate is filed under in a switch on an attribute: its most telling positive predicate. */
export function keyOf(candidate: Candidate, attribute: number): Predicate | undefined {
  let key: Predicate | undefined;
  for (const predicate of candidate.predicates) {
    if (predicate.attribute !== attribute || predicate.invert || predicate.missingAsEmpty) {
      continue;
    }
    if (!key || rank(predicate) > rank(key)) {
      key = predicate;
    }
  }
  return key;
}

/** Exact before prefix before expression before presence, the longer prefix first. */
function rank({ match }: Predicate): number {
  if (match.kind === "exact") {
    return 1_000_000;
  }
  if (match.kind === "prefix") {
    return match.value.length + 2;
  }
  return match.kind === "regex" ? 1 : 0;
}

interface Group {
  size: number;
  /** The first candidate that has nothing else to check. */
  unconditional: number;
  first: number;
}

const GROUP_OF = { exact: "exact", prefix: "prefixes", regex: "regexes" } as const;

interface Groups {
  readonly exact: Map<string, Group>;
  readonly prefixes: Map<string, Group>;
  readonly regexes: Map<string, Group>;
  present: number;
  keyed: number;
}

/** Every attribute that some candidate has a key on, in order of its number. */
export function narrowings(candidates: readonly Candidate[], mergeMax: number): Narrowing[] {
  const attributes = new Map<number, Groups>();
  for (const candidate of candidates) {
    const { predicates } = candidate;
    for (let i = 0; i < predicates.length; i++) {
      const { attribute } = predicates[i]!;
      if (predicates.findIndex((other) => other.attribute === attribute) < i) {
        continue;
      }
      const key = keyOf(candidate, attribute);
      if (!key) {
        continue;
      }
      let groups = attributes.get(attribute);
      if (!groups) {
        groups = { exact: new Map(), prefixes: new Map(), regexes: new Map(), present: 0, keyed: 0 };
        attributes.set(attribute, groups);
      }
      groups.keyed++;
      if (key.match.kind === "present") {
        groups.present++;
      } else {
        count(groups[GROUP_OF[key.match.kind]], key.match.value, candidate);
      }
    }
  }
  return [...attributes]
    .sort(([a], [b]) => a - b)
    .map(([attribute, { exact, prefixes, regexes, present, keyed }]) => {
      let largest = 0;
      for (const { size } of exact.values()) {
        largest = Math.max(largest, size);
      }
      // How many expressions match together is known only to who compiles them; mostly it is one.
      for (const { size } of regexes.values()) {
        largest = Math.max(largest, size);
      }
      const nested = measurePrefixes(prefixes, mergeMax);
      return {
        attribute,
        keyed,
        largest: Math.max(largest, nested.largest) + present,
        chain: nested.chain,
      };
    });
}

function count(groups: Map<string, Group>, value: string, { route, predicates }: Candidate): void {
  let group = groups.get(value);
  if (!group) {
    group = { size: 0, unconditional: Number.POSITIVE_INFINITY, first: route };
    groups.set(value, group);
  }
  // Behind an unconditional one, nothing is reached.
  if (group.unconditional < route) {
    return;
  }
  group.size++;
  if (predicates.length === 1) {
    group.unconditional = route;
  }
}

/** A text that begins with a prefix begins with all shorter ones of it, too. */
function measurePrefixes(
  prefixes: ReadonlyMap<string, Group>,
  mergeMax: number,
): { largest: number; chain: number } {
  let largest = 0;
  let chain = 0;
  const stack: { value: string; size: number; chain: number; first: number }[] = [];
  for (const [value, group] of [...prefixes].sort(([a], [b]) => compareStrings(a, b))) {
    while (stack.length > 0 && !value.startsWith(stack.at(-1)!.value)) {
      stack.pop();
    }
    const above = stack.at(-1);
    const hidden = !above || above.first > group.unconditional;
    const size = group.size + (hidden ? 0 : above.size);
    const own = {
      value,
      size,
      chain: size <= mergeMax || hidden ? 1 : above.chain + 1,
      first: Math.min(group.first, hidden ? group.first : above.first),
    };
    stack.push(own);
    largest = Math.max(largest, own.size);
    chain = Math.max(chain, own.chain);
  }
  return { largest, chain };
}
