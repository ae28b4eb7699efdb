/**
 * Makes the decision graph of one virtual host: nodes that, for a request, yield the smallest route index whose
 * predicates hold. The cost of a request must not grow with the number of routes, so candidates are told apart
 * by the attribute that leaves fewest of them, again and again until a handful is left.
 *
 * A candidate takes part in a node under one key: one positive predicate on the node's attribute. Reaching its
 * key's child proves that predicate, which is then no longer checked; a candidate without a key on the attribute
 * goes to `rest`. So nothing is ever repeated in two children, and the graph's size is linear in the rules.
 */

import {
  KIND_LEAF,
  KIND_NODE_TABLE,
  KIND_PREDICATES,
  KIND_SWITCH,
  KIND_TRIE,
  NODE_DIRECT,
  NODE_NONE,
  NODE_SHIFT,
  PREDICATE_ATTRIBUTE_SHIFT,
  PREDICATE_EXACT,
  PREDICATE_INVERT,
  PREDICATE_MISSING_AS_EMPTY,
  PREDICATE_PREFIX,
  PREDICATE_PRESENT,
  PREDICATE_REGEX,
  ROUTE_NONE,
  TRIE_LIST_MAX,
  TRIE_PARENT,
} from "../../filter/layout.ts";
import type { Predicate } from "./attributes.ts";
import { writeTable } from "./table.ts";
import type { BlobWriter } from "./writer.ts";

/** A route that can still be the answer, and what is left to check of it. Lists of them are in order of index. */
export interface Candidate {
  readonly route: number;
  readonly predicates: readonly Predicate[];
}

/** So many candidates are simply tried in order. */
const LEAF_MAX = 4;
/** Candidates of shorter prefixes are repeated below a longer one while they are so few in all. */
const MERGE_MAX = 4;

/** A node by reference and the smallest route below it. */
export interface Node {
  readonly reference: number;
  readonly min: number;
}

const NO_NODE: Node = { reference: NODE_NONE, min: ROUTE_NONE };

/** Writes the graph of candidates and returns its root. */
export function writeNode(writer: BlobWriter, regex: RegexWriter, all: readonly Candidate[]): Node {
  const candidates = reachable(all);
  const first = candidates[0];
  if (!first) return NO_NODE;
  if (first.predicates.length === 0) {
    return { reference: ((first.route << NODE_SHIFT) | NODE_DIRECT) >>> 0, min: first.route };
  }
  const attribute = candidates.length <= LEAF_MAX ? undefined : narrowest(candidates);
  if (attribute === undefined) return writeLeaf(writer, regex, candidates);
  return writeSwitch(writer, regex, candidates, attribute);
}

/** Compiles an expression once and returns its REGEX record. */
export type RegexWriter = (pattern: string) => number;

/** Routes behind one that takes everything are never tried. */
function reachable(candidates: readonly Candidate[]): readonly Candidate[] {
  const last = candidates.findIndex((candidate) => candidate.predicates.length === 0);
  return last < 0 ? candidates : candidates.slice(0, last + 1);
}

/** What a candidate is filed under in a switch on an attribute. */
function keyOf(candidate: Candidate, attribute: number): Predicate | undefined {
  let key: Predicate | undefined;
  for (const predicate of candidate.predicates) {
    if (predicate.attribute !== attribute || predicate.invert || predicate.missingAsEmpty) continue;
    if (predicate.match.kind === "regex") continue;
    if (!key || rank(predicate) > rank(key)) key = predicate;
  }
  return key;
}

function rank({ match }: Predicate): number {
  if (match.kind === "exact") return 1_000_000;
  return match.kind === "prefix" ? match.value.length + 1 : 0;
}

function keyText({ match }: Predicate): string {
  return match.kind === "present" ? "present" : `${match.kind}:${match.value}`;
}

/** The attribute that leaves fewest candidates in the worst case; undefined when none helps. */
function narrowest(candidates: readonly Candidate[]): number | undefined {
  const groups = new Map<number, Map<string, number>>();
  const keyed = new Map<number, number>();
  for (const candidate of candidates) {
    const seen = new Set<number>();
    for (const predicate of candidate.predicates) {
      if (seen.has(predicate.attribute)) continue;
      seen.add(predicate.attribute);
      const key = keyOf(candidate, predicate.attribute);
      if (!key) continue;
      let sizes = groups.get(predicate.attribute);
      if (!sizes) {
        sizes = new Map();
        groups.set(predicate.attribute, sizes);
      }
      const text = keyText(key);
      sizes.set(text, (sizes.get(text) ?? 0) + 1);
      keyed.set(predicate.attribute, (keyed.get(predicate.attribute) ?? 0) + 1);
    }
  }
  let best: number | undefined;
  let bestLeft = candidates.length;
  for (const [attribute, sizes] of [...groups].sort(([a], [b]) => a - b)) {
    let largest = 0;
    for (const size of sizes.values()) largest = Math.max(largest, size);
    const left = largest + candidates.length - keyed.get(attribute)!;
    if (left < bestLeft) {
      best = attribute;
      bestLeft = left;
    }
  }
  return best;
}

function writeLeaf(writer: BlobWriter, regex: RegexWriter, candidates: readonly Candidate[]): Node {
  const body: number[] = [candidates[0]!.route];
  for (const { route, predicates } of candidates) {
    body.push(route, predicates.length === 0 ? 0 : writePredicates(writer, regex, predicates));
  }
  return { reference: writer.record(KIND_LEAF, body), min: candidates[0]!.route };
}

/** Cheap predicates are checked first. */
const COST = { present: 0, exact: 1, prefix: 2, regex: 3 } as const;

function writePredicates(writer: BlobWriter, regex: RegexWriter, predicates: readonly Predicate[]): number {
  const body: number[] = [];
  for (const predicate of [...predicates].sort((a, b) => COST[a.match.kind] - COST[b.match.kind])) {
    const flags =
      (predicate.invert ? PREDICATE_INVERT : 0) | (predicate.missingAsEmpty ? PREDICATE_MISSING_AS_EMPTY : 0);
    const attribute = (predicate.attribute << PREDICATE_ATTRIBUTE_SHIFT) >>> 0;
    const { match } = predicate;
    if (match.kind === "present") {
      body.push((attribute | flags | PREDICATE_PRESENT) >>> 0, 0, 0);
    } else if (match.kind === "regex") {
      body.push((attribute | flags | PREDICATE_REGEX) >>> 0, regex(match.value), 0);
    } else {
      const type = match.kind === "exact" ? PREDICATE_EXACT : PREDICATE_PREFIX;
      const text = writer.string(match.value);
      body.push((attribute | flags | type) >>> 0, text.offset, text.length);
    }
  }
  return writer.sharedRecord(KIND_PREDICATES, body);
}

function writeSwitch(
  writer: BlobWriter,
  regex: RegexWriter,
  candidates: readonly Candidate[],
  attribute: number,
): Node {
  const exact = new Map<string, Candidate[]>();
  const prefixes = new Map<string, Candidate[]>();
  const present: Candidate[] = [];
  const rest: Candidate[] = [];
  for (const candidate of candidates) {
    const key = keyOf(candidate, attribute);
    if (!key) {
      rest.push(candidate);
      continue;
    }
    const left = {
      route: candidate.route,
      predicates: candidate.predicates.filter((other) => other !== key),
    };
    if (key.match.kind === "exact") append(exact, key.match.value, left);
    else if (key.match.kind === "prefix") append(prefixes, key.match.value, left);
    else present.push(left);
  }
  let min: number = ROUTE_NONE;
  const child = (list: readonly Candidate[]): number => {
    const node = writeNode(writer, regex, list);
    min = Math.min(min, node.min);
    return node.reference;
  };
  const exactNodes = new Map([...exact].map(([value, list]) => [value, child(list)]));
  const exactTable = writeTable(writer, KIND_NODE_TABLE, exactNodes);
  const trie = writeTrie(writer, prefixes, child);
  const presentNode = child(present);
  const restNode = child(rest);
  const reference = writer.record(KIND_SWITCH, [min, attribute, restNode, exactTable, trie, 0, presentNode]);
  return { reference, min };
}

function append(map: Map<string, Candidate[]>, key: string, candidate: Candidate): void {
  const list = map.get(key);
  if (list) list.push(candidate);
  else map.set(key, [candidate]);
}

/** A prefix on its way into the tree. `pool` is where its bytes are in the blob. */
interface Prefix {
  readonly bytes: Uint8Array;
  readonly pool: number;
  readonly candidates: readonly Candidate[];
}

/** The nearest shorter prefix whose routes still have to be looked at, while the tree is written downwards. */
interface Above {
  readonly candidates: readonly Candidate[];
  readonly min: number;
  /** Parent references to patch once the record exists. */
  readonly waiting: number[];
  readonly above: Above | undefined;
}

function writeTrie(
  writer: BlobWriter,
  prefixes: ReadonlyMap<string, readonly Candidate[]>,
  child: (list: readonly Candidate[]) => number,
): number {
  if (prefixes.size === 0) return 0;
  const sorted: Prefix[] = [...prefixes]
    .map(([value, candidates]) => {
      const text = writer.string(value);
      return { bytes: text.bytes, pool: text.offset, candidates };
    })
    .sort((a, b) => compareBytes(a.bytes, b.bytes));
  return writeTrieNode(writer, sorted, 0, sorted.length, 0, undefined, child);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Writes the node for sorted[from..to), which all agree in their first `depth` bytes. */
function writeTrieNode(
  writer: BlobWriter,
  sorted: readonly Prefix[],
  from: number,
  to: number,
  depth: number,
  above: Above | undefined,
  child: (list: readonly Candidate[]) => number,
): number {
  const first = sorted[from]!;
  const last = sorted[to - 1]!;
  const limit = Math.min(first.bytes.length, last.bytes.length);
  let end = depth;
  while (end < limit && first.bytes[end] === last.bytes[end]) end++;

  let node: number = NODE_NONE;
  let inherited = above;
  let own: Above | undefined;
  let next = from;
  if (first.bytes.length === end) {
    next = from + 1;
    let candidates: readonly Candidate[] = first.candidates;
    // A short list takes over what shorter prefixes have to say, so that one look suffices.
    if (above) {
      const merged = reachable(mergeInOrder(candidates, above.candidates));
      if (!above.above && (merged.length <= MERGE_MAX || merged.length <= candidates.length)) {
        candidates = merged;
        inherited = undefined;
      }
    }
    node = child(candidates);
    own = {
      candidates,
      min: Math.min(candidates[0]!.route, inherited?.min ?? ROUTE_NONE),
      waiting: [],
      above: inherited,
    };
  }
  const below = own ?? above;
  const keys: number[] = [];
  const children: number[] = [];
  while (next < to) {
    const byte = sorted[next]!.bytes[end]!;
    let stop = next + 1;
    while (stop < to && sorted[stop]!.bytes[end] === byte) stop++;
    keys.push(byte);
    children.push(writeTrieNode(writer, sorted, next, stop, end, below, child));
    next = stop;
  }
  const chainMin = own ? (inherited?.min ?? ROUTE_NONE) : ROUTE_NONE;
  const record = writer.record(KIND_TRIE, [
    first.pool + depth,
    end - depth,
    node,
    0,
    chainMin,
    children.length,
    ...keyWords(keys),
    ...children,
  ]);
  if (own) {
    if (inherited) inherited.waiting.push(record);
    for (const waiting of own.waiting) writer.patch(waiting, TRIE_PARENT, record);
  }
  return record;
}

/** Two lists in order of index become one; a route in both is kept once. */
function mergeInOrder(a: readonly Candidate[], b: readonly Candidate[]): Candidate[] {
  const merged = [...a, ...b].sort((x, y) => x.route - y.route);
  return merged.filter((candidate, i) => i === 0 || merged[i - 1]!.route !== candidate.route);
}

function keyWords(keys: readonly number[]): number[] {
  if (keys.length <= TRIE_LIST_MAX) {
    const words = new Array<number>((keys.length + 3) >> 2).fill(0);
    keys.forEach((key, i) => {
      words[i >> 2] = (words[i >> 2]! | (key << ((i & 3) * 8))) >>> 0;
    });
    return words;
  }
  const words = new Array<number>(8).fill(0);
  for (const key of keys) words[key >> 5] = (words[key >> 5]! | (1 << (key & 31))) >>> 0;
  return words;
}
