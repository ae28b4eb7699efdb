/**
 * Routes on their way into the decision graph, and what is left to check of each.
 */

import * as layout from "../../../filter/layout.ts";
import type { Predicate } from "./attributes.ts";
import type { BlobWriter } from "./writer.ts";

/** A route that can still be the answer, and what is left to check of it. Lists of them are in order of index. */
export interface Candidate {
  readonly route: number;
  readonly predicates: readonly Predicate[];
}

/** One table for several expressions. */
export interface RegexSet {
  /** Its REGEX record. */
  readonly record: number;
  /** What the table's accept sets or targets stand for: expressions that match, or a set that is to be asked. */
  readonly words: readonly (readonly number[] | RegexSet)[];
}

/** What the writers of a graph share. */
export interface GraphContext {
  readonly writer: BlobWriter;
  /** Compiles an expression once and returns its REGEX record. */
  regex(pattern: string): number;
  /** Compiles expressions together: tables, and the expressions (by index) that match together in each. */
  regexSets(patterns: readonly string[]): readonly RegexSet[];
  /** Whether an expression matches the empty text. */
  matchesEmpty(pattern: string): boolean;
  /** Attributes from this number on are query parameters, and claims from the next. */
  readonly firstQuery: number;
  readonly firstClaim: number;
}

/** Routes behind one that takes everything are never tried. */
export function reachable(candidates: readonly Candidate[]): readonly Candidate[] {
  const last = candidates.findIndex((candidate) => candidate.predicates.length === 0);
  return last < 0 ? candidates : candidates.slice(0, last + 1);
}

/** A candidate without one of its predicates, which is known to hold. */
export function without({ route, predicates }: Candidate, proven: Predicate): Candidate {
  return { route, predicates: predicates.filter((predicate) => predicate !== proven) };
}

/** Two lists in order of index become one; a route in both is kept once. */
export function mergeInOrder(a: readonly Candidate[], b: readonly Candidate[]): Candidate[] {
  const merged: Candidate[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const x = a[i];
    const y = b[j];
    if (!y || (x && x.route <= y.route)) {
      merged.push(x!);
      i++;
      if (y && x!.route === y.route) {
        j++;
      }
    } else {
      merged.push(y);
      j++;
    }
  }
  return merged;
}

/** The words of LEAF and BITS that name a candidate. */
export function candidateWords(context: GraphContext, { route, predicates }: Candidate): [number, number] {
  return [route, predicates.length === 0 ? 0 : writePredicates(context, predicates)];
}

/** Cheap predicates are checked first. */
const COST = { present: 0, exact: 1, prefix: 2, regex: 3 } as const;

function writePredicates({ writer, regex }: GraphContext, predicates: readonly Predicate[]): number {
  const body: number[] = [];
  const byCost =
    predicates.length === 1
      ? predicates
      : [...predicates].sort((a, b) => COST[a.match.kind] - COST[b.match.kind]);
  for (const predicate of byCost) {
    const flags =
      (predicate.invert ? layout.PREDICATE_INVERT : 0) |
      (predicate.missingAsEmpty ? layout.PREDICATE_MISSING_AS_EMPTY : 0);
    const attribute = (predicate.attribute << layout.PREDICATE_ATTRIBUTE_SHIFT) >>> 0;
    const { match } = predicate;
    if (match.kind === "present") {
      body.push((attribute | flags | layout.PREDICATE_PRESENT) >>> 0, 0, 0);
    } else if (match.kind === "regex") {
      body.push((attribute | flags | layout.PREDICATE_REGEX) >>> 0, regex(match.value), 0);
    } else {
      const type = match.kind === "exact" ? layout.PREDICATE_EXACT : layout.PREDICATE_PREFIX;
      const text = writer.string(match.value);
      body.push((attribute | flags | type) >>> 0, text.offset, text.length);
    }
  }
  return writer.sharedRecord(layout.KIND_PREDICATES, body);
}
