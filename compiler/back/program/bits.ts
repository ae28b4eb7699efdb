/**
 * Writes BITS: candidates that no attribute tells apart, one bit each.
 */

import * as layout from "../../../filter/layout.ts";
import type { Predicate } from "./attributes.ts";
import { type Candidate, candidateWords, type GraphContext, without } from "./candidate.ts";
import { writeRegexSets } from "./regex-set.ts";
import { writeTable } from "./table.ts";
import { writeTrie } from "./trie.ts";

/** More attributes would cost more than checking what they leave. */
const ATTRIBUTES_MAX = 16;

/** Writes the record, or returns undefined when there is nothing that bits can say. */
export function writeBits(context: GraphContext, candidates: readonly Candidate[]): number | undefined {
  const counts = new Map<number, number>();
  for (const { predicates } of candidates) {
    for (const attribute of new Set(predicates.map((predicate) => predicate.attribute))) {
      counts.set(attribute, (counts.get(attribute) ?? 0) + 1);
    }
  }
  const attributes = [...counts]
    .sort(([a, x], [b, y]) => y - x || a - b)
    .slice(0, ATTRIBUTES_MAX)
    .map(([attribute]) => attribute);
  if (attributes.length === 0) {
    return undefined;
  }

  let left = candidates;
  const parts: number[] = [];
  for (const attribute of attributes) {
    const keys = left.map(({ predicates }) => bitOf(predicates, attribute));
    parts.push(...writePart(context, attribute, keys));
    left = left.map((candidate, i) => (keys[i] ? without(candidate, keys[i]) : candidate));
  }
  const body: number[] = [candidates[0]!.route, candidates.length, attributes.length];
  for (const candidate of left) {
    body.push(...candidateWords(context, candidate));
  }
  for (const word of parts) {
    body.push(word);
  }
  return context.writer.record(layout.KIND_BITS, body);
}

/** The predicate on an attribute that becomes a bit; there is rarely another. */
function bitOf(predicates: readonly Predicate[], attribute: number): Predicate | undefined {
  return predicates.find((predicate) => predicate.attribute === attribute);
}

function writePart(
  context: GraphContext,
  attribute: number,
  keys: readonly (Predicate | undefined)[],
): number[] {
  const { writer } = context;
  const words = (keys.length + 31) >>> 5;
  const present = new Uint32Array(words);
  const missing = new Uint32Array(words);
  const exact = new Map<string, number[]>();
  const prefixes = new Map<string, number[]>();
  const regexes = new Map<string, number[]>();
  keys.forEach((key, position) => {
    const bit = 1 << (position & 31);
    const word = position >>> 5;
    // The row for "present" is what holds for a value that is in no list.
    if (!key || (key.match.kind === "present") !== key.invert) {
      present[word]! |= bit;
    }
    if (!key || holdsMissing(context, key)) {
      missing[word]! |= bit;
    }
    if (!key || key.match.kind === "present") {
      return;
    }
    const lists = { exact, prefix: prefixes, regex: regexes }[key.match.kind];
    const entry = (key.invert ? position | layout.LIST_CLEAR : position) >>> 0;
    const list = lists.get(key.match.value);
    if (list) {
      list.push(entry);
    } else {
      lists.set(key.match.value, [entry]);
    }
  });
  const exactLists = new Map(
    [...exact].map(([value, list]) => [value, writer.record(layout.KIND_LIST, list)]),
  );
  const trie = writeTrie(writer, layout.KIND_LIST_TRIE, prefixes, (list: readonly number[]) => ({
    value: undefined,
    reference: writer.record(layout.KIND_LIST, list),
    min: layout.ROUTE_NONE,
    complete: false,
  }));
  const regexLists = [...regexes.values()];
  const regexSets = writeRegexSets(context, layout.KIND_LIST_REGEX_SET, [...regexes.keys()], (members) =>
    writer.record(
      layout.KIND_LIST,
      members.flatMap((member) => regexLists[member]!),
    ),
  );
  const table = writeTable(writer, layout.KIND_LIST_TABLE, exactLists);
  return [attribute, table, trie, regexSets, ...present, ...missing];
}

/** Whether a predicate holds for a request that does not have the attribute. */
function holdsMissing(context: GraphContext, { match, invert, missingAsEmpty }: Predicate): boolean {
  if (!missingAsEmpty) {
    return invert;
  }
  const hit =
    match.kind === "present" ||
    (match.kind === "regex" ? context.matchesEmpty(match.value) : match.value === "");
  return hit !== invert;
}
