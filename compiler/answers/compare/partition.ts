/**
 * The values of one attribute, divided by what rules can tell apart: one value for each set of conditions that hold
 * together. Found in the states of one automaton for all conditions, so none is missed as long as it stays in bounds.
 */

import { lowerAscii } from "../../ir/text.ts";
import { type Dfa, determinise } from "../../regex/determinise.ts";
import { buildNfa } from "../../regex/nfa.ts";
import { parseRegex } from "../../regex/parse.ts";
import { shareBeginnings } from "../../regex/share.ts";
import { valueMatches } from "../evaluate/trial.ts";
import { partitionLiterals } from "./literal-partition.ts";
import type { TextMatch, ValueClass } from "./text-match.ts";

export interface Partition {
  readonly classes: readonly ValueClass[];
  /** False: there may be more, since a bound was hit. */
  readonly complete: boolean;
}

export interface PartitionBounds {
  readonly maxStates: number;
  readonly maxWork: number;
}

const BOUNDS: PartitionBounds = { maxStates: 200_000, maxWork: 20_000_000 };
/** Fewer are as soon told by an automaton, which also knows when there is no such text. */
const MIN_LITERALS = 8;
const NO_PREFIX = new Uint8Array(0);

/** The values of `universe`, an expression, divided by the conditions. */
export function partition(
  matches: readonly TextMatch[],
  universe: string,
  bounds: PartitionBounds = BOUNDS,
): Partition {
  const admits = (text: string) => valueMatches({ kind: "regex", value: universe }, text);
  const literal = matches.length < MIN_LITERALS ? undefined : partitionLiterals(matches, admits, PREFERRED);
  if (literal !== undefined) {
    return { classes: literal, complete: true };
  }
  const patterns = [universe, ...matches.map(patternOf)];
  const dfa = dfaOf(patterns, bounds);
  if (dfa !== undefined) {
    return { classes: classesOf(dfa), complete: true };
  }
  return { classes: sampled(matches, patterns, bounds), complete: false };
}

export function patternOf({ kind, value, ignoreCase = false }: TextMatch): string {
  if (kind === "regex") {
    return value;
  }
  const literal = ignoreCase ? `(?i:${quoted(value)})` : quoted(value);
  return kind === "exact" ? literal : `${literal}(?s:.*)`;
}

/** A text as an expression that matches it and nothing else. */
export function quoted(text: string): string {
  return text.replace(/[^A-Za-z0-9_/\u0080-\uffff]/g, (character) =>
    character < " " || character === "\x7f"
      ? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`
      : `\\${character}`,
  );
}

function dfaOf(patterns: readonly string[], bounds: PartitionBounds): Dfa | undefined {
  try {
    return determinise(
      shareBeginnings(buildNfa(patterns.map((pattern) => parseRegex(pattern)))),
      bounds,
      NO_PREFIX,
    );
  } catch {
    // More than any automaton may have; each by itself was accepted when it was read.
    return undefined;
  }
}

/** Readable characters first: a witness is for people. */
export const PREFERRED = "abcdefghijklmnopqrstuvwxyz0123456789-_/.=ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** For each class of bytes, one that is good to read. */
function samplesOf({ classes }: Dfa): Uint8Array {
  const samples = Uint8Array.from(classes.sample);
  const done = new Set<number>();
  const prefer = (byte: number) => {
    const byteClass = classes.ofByte[byte]!;
    if (done.has(byteClass)) {
      return;
    }
    done.add(byteClass);
    samples[byteClass] = byte;
  };
  for (const character of PREFERRED) {
    prefer(character.charCodeAt(0));
  }
  for (let byte = 0x21; byte < 0x7f; byte++) {
    prefer(byte);
  }
  return samples;
}

/** Breadth first, so that the first text of a class is one of its shortest. Pattern 0 is the universe. */
function classesOf(dfa: Dfa): ValueClass[] {
  const { next, start, accepts, acceptSets } = dfa;
  if (start === 0) {
    return [];
  }
  const samples = samplesOf(dfa);
  const count = dfa.classes.count;
  const order = orderOf(samples);
  const cameFrom = new Int32Array(dfa.states).fill(-1);
  const by = new Uint8Array(dfa.states);
  const queue = [start];
  cameFrom[start] = 0;
  const found = new Map<number, number>();
  for (const state of queue) {
    const accept = accepts[state]!;
    if (accept !== 0 && !found.has(accept) && acceptSets[accept - 1]!.includes(0)) {
      found.set(accept, state);
    }
    for (const byteClass of order) {
      const target = next[state * count + byteClass]!;
      if (target === 0 || cameFrom[target] !== -1) {
        continue;
      }
      cameFrom[target] = state;
      by[target] = samples[byteClass]!;
      queue.push(target);
    }
  }
  return [...found].map(([accept, state]) => ({
    value: textTo(state, start, cameFrom, by),
    holds: acceptSets[accept - 1]!.filter((pattern) => pattern > 0).map((pattern) => pattern - 1),
  }));
}

function orderOf(samples: Uint8Array): number[] {
  const rank = (byte: number) => {
    const at = PREFERRED.indexOf(String.fromCharCode(byte));
    return at < 0 ? 256 + byte : at;
  };
  return [...samples.keys()].sort((a, b) => rank(samples[a]!) - rank(samples[b]!));
}

function textTo(state: number, start: number, cameFrom: Int32Array, by: Uint8Array): string {
  const bytes: number[] = [];
  for (let at = state; at !== start; at = cameFrom[at]!) {
    bytes.push(by[at]!);
  }
  return Buffer.from(bytes.reverse()).toString("utf8");
}

/** Conditions that are asked one by one when all together are too much. */
const MAX_SAMPLED = 500;

/** A text for each condition, and for what stands around it; each is then held against all. */
function sampled(
  matches: readonly TextMatch[],
  patterns: readonly string[],
  bounds: PartitionBounds,
): ValueClass[] {
  const universe = patterns[0]!;
  const values = new Set<string>();
  const limits = { maxStates: 5_000, maxWork: Math.min(bounds.maxWork, 200_000) };
  for (const pattern of patterns.slice(1, MAX_SAMPLED + 1)) {
    const alone = dfaOf([universe, pattern], limits);
    for (const { value } of alone === undefined ? [] : classesOf(alone)) {
      values.add(value);
    }
  }
  const classes = new Map<string, ValueClass>();
  for (const value of values) {
    if (!valueMatches({ kind: "regex", value: universe }, value)) {
      continue;
    }
    const holds = matches.flatMap((match, i) => (textMatches(match, value) ? [i] : []));
    const key = holds.join();
    if (!classes.has(key)) {
      classes.set(key, { value, holds });
    }
  }
  return [...classes.values()];
}

export function textMatches({ ignoreCase = false, ...match }: TextMatch, text: string): boolean {
  if (!ignoreCase || match.kind === "regex") {
    return valueMatches(match, text);
  }
  return valueMatches({ ...match, value: lowerAscii(match.value) }, lowerAscii(text));
}
