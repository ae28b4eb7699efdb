/**
 * Pattern → RE2 program over code points. The parser is re2js (a port of RE2 by way of Go's regexp/syntax); this is
 * the only file that knows what its programs look like inside.
 */

import { RE2JS } from "re2js";
import { NFA_MAX_INSTRUCTIONS } from "../../filter/regex/layout.ts";
import { leastProgramSize } from "./size.ts";

export const ALT = 1;
export const CAPTURE = 3;
export const ASSERT = 4;
export const FAIL = 5;
export const MATCH = 6;
export const NOP = 7;
/** One code point from `runes`: pairs of first and last, sorted, apart from one another. */
export const RUNES = 8;

export interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
}

export interface Program {
  readonly instructions: readonly Instruction[];
  readonly start: number;
}

/** What re2js compiles to. */
interface RawInstruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
}

// Operations of re2js that become one of ours.
const RAW_ALT_MATCH = 2;
const RAW_RUNE = 8;
const RAW_RUNE1 = 9;
const RAW_RUNE_ANY = 10;
const RAW_RUNE_ANY_NOT_NL = 11;
const FOLD_CASE = 1;

const MAX_RUNE = 0x10ffff;
const ANY = [0, MAX_RUNE];
const ANY_NOT_NL = [0, 9, 11, MAX_RUNE];
const NOTHING: readonly number[] = [];

export class RegexError extends Error {}

/** RE2's words for a program that is over the limit. */
export const TOO_LARGE = "pattern too large - compile failed";

/** The program of a pattern; throws a RegexError, worded as Go's, for what RE2 does not take. */
export function parseRegex(pattern: string): Program {
  if (/\p{Surrogate}/u.test(pattern)) throw new RegexError("invalid UTF-8");
  const { inst, start } = parse(pattern);
  return { instructions: (inst as readonly RawInstruction[]).map(fromRaw), start };
}

/** Whether a pattern matches the empty text. */
export function regexMatchesEmpty(pattern: string): boolean {
  return compile(pattern).testExact("");
}

function parse(pattern: string) {
  return compile(pattern).re2Input.prog;
}

function compile(pattern: string): RE2JS {
  if (leastProgramSize(pattern) > NFA_MAX_INSTRUCTIONS) throw new RegexError(TOO_LARGE);
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new RegexError((error as Error).message.replace(/^error parsing regexp: /, ""));
  }
}

function fromRaw({ op, out, arg, runes }: RawInstruction): Instruction {
  switch (op) {
    case RAW_ALT_MATCH:
      return { op: ALT, out, arg, runes: NOTHING };
    case RAW_RUNE1:
    case RAW_RUNE: {
      const isSingle = runes.length === 1;
      const rune = runes[0]!;
      if (isSingle && op === RAW_RUNE && arg & FOLD_CASE)
        return { op: RUNES, out, arg: 0, runes: foldings(rune) };
      return { op: RUNES, out, arg: 0, runes: isSingle ? [rune, rune] : runes };
    }
    case RAW_RUNE_ANY:
      return { op: RUNES, out, arg: 0, runes: ANY };
    case RAW_RUNE_ANY_NOT_NL:
      return { op: RUNES, out, arg: 0, runes: ANY_NOT_NL };
    case ALT:
    case CAPTURE:
    case ASSERT:
    case FAIL:
    case MATCH:
    case NOP:
      return { op, out, arg, runes: NOTHING };
    default:
      throw new Error(`unknown operation ${op} in a program of re2js`);
  }
}

const foldingsOf = new Map<number, ArrayLike<number>>();

/** All code points that equal one but for case, as the parser folds a class: beside NUL, which folds to nothing. */
function foldings(rune: number): ArrayLike<number> {
  let found = foldingsOf.get(rune);
  if (!found) {
    const { inst } = parse(`(?i:[\\x00\\x{${rune.toString(16)}}])`);
    const { runes } = (inst as readonly RawInstruction[]).find(({ op }) => op === RAW_RUNE)!;
    found = Array.from(runes).slice(2);
    foldingsOf.set(rune, found);
  }
  return found;
}
