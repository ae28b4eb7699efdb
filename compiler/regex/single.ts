/**
 * One pattern: a DFA where one of bounded size exists, else the automaton itself.
 */

import { determinise } from "./determinise.ts";
import { minimise } from "./minimise.ts";
import { buildNfa, type Nfa } from "./nfa.ts";
import { parseRegex, RegexError } from "./parse.ts";
import { encodeDfa, encodeNfa } from "./table.ts";

export interface CompiledRegex {
  /** `nfa`: no DFA fits the bounds, the filter simulates. */
  readonly kind: "dfa" | "nfa";
  /** What the filter walks: relocatable, aligned to four bytes. DFAs of the same language give the same bytes. */
  readonly table: Uint8Array;
  /** States of the DFA, or instructions of the automaton. */
  readonly states: number;
}

export interface RegexBounds {
  /** States of a DFA before it is minimised, besides the dead one. */
  readonly maxStates?: number | undefined;
  /** Length of a DFA's table. */
  readonly maxTableBytes?: number | undefined;
  /** Steps spent on making a DFA; bounds the time. */
  readonly maxWork?: number | undefined;
}

const MAX_STATES = 4096;
const MAX_TABLE_BYTES = 128 * 1024;
const MAX_WORK = 250_000;

const NO_PREFIX = new Uint8Array(0);

/** Compiles one pattern; throws a RegexError for one that `regexSyntaxError` has something to say about. */
export function compileRegex(pattern: string, bounds: RegexBounds = {}): CompiledRegex {
  return compileNfa(buildNfa([parseRegex(pattern)]), bounds, NO_PREFIX);
}

/** The table of one pattern's automaton, for texts behind `prefix`. */
export function compileNfa(nfa: Nfa, bounds: RegexBounds, prefix: Uint8Array): CompiledRegex {
  const { maxStates = MAX_STATES, maxTableBytes = MAX_TABLE_BYTES, maxWork = MAX_WORK } = bounds;
  const full = determinise(nfa, { maxStates, maxWork }, prefix);
  if (full) {
    const dfa = minimise(full);
    const table = encodeDfa(dfa, maxTableBytes);
    if (table) {
      return { kind: "dfa", table, states: dfa.states };
    }
  }
  return { kind: "nfa", table: encodeNfa(nfa), states: nfa.ops.length };
}

/**
 * Why RE2 refuses a pattern, in the words of Go's regexp package; undefined when it takes it. A pattern that is
 * fine as such but compiles to more than Envoy runs is refused too.
 */
export function regexSyntaxError(pattern: string): string | undefined {
  const known = verdicts.get(pattern);
  if (known !== undefined || verdicts.has(pattern)) {
    return known;
  }
  const verdict = syntaxError(pattern);
  // Rules repeat expressions, and several steps ask about each.
  if (verdicts.size >= MAX_VERDICTS) {
    verdicts.clear();
  }
  verdicts.set(pattern, verdict);
  return verdict;
}

const verdicts = new Map<string, string | undefined>();
const MAX_VERDICTS = 20_000;

function syntaxError(pattern: string): string | undefined {
  try {
    buildNfa([parseRegex(pattern)]);
    return undefined;
  } catch (error) {
    if (error instanceof RegexError) {
      return error.message;
    }
    throw error;
  }
}
