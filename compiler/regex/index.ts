/**
 * Regular expressions: RE2 syntax, full match, over bytes, in time linear in the text. A pattern becomes a DFA as
 * a table where one of bounded size exists, else an automaton that the filter simulates in bounded memory.
 */

import { determinise } from "./determinise.ts";
import { minimise } from "./minimise.ts";
import { buildNfa, type Nfa } from "./nfa.ts";
import { parseRegex, RegexError } from "./parse.ts";
import { encodeDfa, encodeNfa } from "./table.ts";

export { RegexError } from "./parse.ts";

export interface CompiledRegex {
  readonly kind: "dfa" | "nfa";
  /** What the filter walks: relocatable, aligned to four bytes. Equal languages of DFAs give equal bytes. */
  readonly table: Uint8Array;
  /** States of the DFA, or instructions of the automaton. */
  readonly states: number;
}

export interface RegexBounds {
  /** States of a DFA before it is minimised. */
  readonly maxStates?: number;
  /** Length of a DFA's table. */
  readonly maxTableBytes?: number;
  /** Steps spent on making a DFA; bounds the time. */
  readonly maxWork?: number;
}

const SINGLE_BOUNDS = { maxStates: 4096, maxTableBytes: 128 * 1024, maxWork: 400_000 };

const NO_PREFIX = new Uint8Array(0);

/** Compiles one pattern; throws a RegexError for one that `regexSyntaxError` has something to say about. */
export function compileRegex(pattern: string, bounds: RegexBounds = {}): CompiledRegex {
  const limits = { ...SINGLE_BOUNDS, ...bounds };
  const nfa = buildNfa([parseRegex(pattern)]);
  return tryDfa(nfa, limits) ?? { kind: "nfa", table: encodeNfa(nfa), states: nfa.ops.length };
}

function tryDfa(nfa: Nfa, limits: Required<RegexBounds>): CompiledRegex | undefined {
  const full = determinise(nfa, limits, NO_PREFIX);
  if (!full) return undefined;
  const dfa = minimise(full);
  const table = encodeDfa(dfa, limits.maxTableBytes);
  return table && { kind: "dfa", table, states: dfa.states };
}

/**
 * Why RE2 refuses a pattern, in the words of Go's regexp package; undefined when it takes it. A pattern that is
 * fine as such but compiles to more than Envoy runs is refused too.
 */
export function regexSyntaxError(pattern: string): string | undefined {
  try {
    buildNfa([parseRegex(pattern)]);
    return undefined;
  } catch (error) {
    if (error instanceof RegexError) return error.message;
    throw error;
  }
}
