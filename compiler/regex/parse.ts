/**
 * Pattern → RE2 program over bytes. The parser is re2js (a port of RE2 by way of Go's regexp/syntax); this is the only
 * file that knows what its programs look like inside.
 *
 * What is matched are header values, which are bytes in no encoding. Envoy therefore runs RE2 in its Latin-1 mode, where
 * each byte of a pattern and of a text is a character of its own (CVE-2026-73552: in UTF-8 mode a stray byte made
 * every `.*` fail, and with it the rule that was to keep a request out). So `.` is one byte, and `é` is two of them.
 */

import { RE2JS } from "re2js";
import * as layout from "../../filter/regex/layout.ts";
import { latin1Bytes, latin1Pattern } from "./latin1.ts";
import { leastProgramSize } from "./size.ts";

export const ALT = 1;
export const CAPTURE = 3;
export const ASSERT = 4;
export const FAIL = 5;
export const MATCH = 6;
export const NOP = 7;
/** One byte from `bytes`: pairs of first and last, sorted, apart from one another. */
export const BYTES = 8;

export interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly bytes: ArrayLike<number>;
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
  if (/\p{Surrogate}/u.test(pattern)) {
    throw new RegexError("invalid UTF-8");
  }
  const { inst, start } = parse(pattern);
  return { instructions: (inst as readonly RawInstruction[]).map(fromRaw), start };
}

/** Whether a pattern matches the empty text. */
export function regexMatchesEmpty(pattern: string): boolean {
  return compileForBytes(pattern).testExact("");
}

function parse(pattern: string) {
  return compileForBytes(pattern).re2Input.prog;
}

/** The pattern for texts of `latin1Text`; for what is no hot path, and must not err where our tables do. */
export function compileForBytes(pattern: string): RE2JS {
  if (leastProgramSize(pattern) > layout.NFA_MAX_INSTRUCTIONS) {
    throw new RegexError(TOO_LARGE);
  }
  // istiod reads characters: what it refuses gets to no Envoy.
  const unicode = compileUnicode(pattern);
  const bytes = latin1Pattern(pattern, { codePointsOf, tooWide });
  return bytes === pattern ? unicode : compileUnicode(bytes);
}

function compileUnicode(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new RegexError((error as Error).message.replace(/^error parsing regexp: /, ""));
  }
}

function tooWide(text: string): RegexError {
  return new RegexError(`invalid escape sequence: \`${text}\` (Envoy matches bytes, up to \\xff)`);
}

function codePointsOf(group: string): ArrayLike<number> {
  const { inst } = compileUnicode(group).re2Input.prog;
  return (inst as readonly RawInstruction[]).flatMap((raw) => Array.from(charactersOf(raw) ?? []));
}

function fromRaw(raw: RawInstruction): Instruction {
  const { op, out, arg } = raw;
  const characters = charactersOf(raw);
  if (characters) {
    return { op: BYTES, out, arg: 0, bytes: bytesOf(characters) };
  }
  switch (op) {
    case RAW_ALT_MATCH:
      return { op: ALT, out, arg, bytes: NOTHING };
    case ALT:
    case CAPTURE:
    case ASSERT:
    case FAIL:
    case MATCH:
    case NOP:
      return { op, out, arg, bytes: NOTHING };
    default:
      throw new Error(`unknown operation ${op} in a program of re2js`);
  }
}

/** What an instruction reads, as ranges; undefined when it reads nothing. */
function charactersOf({ op, arg, runes }: RawInstruction): ArrayLike<number> | undefined {
  switch (op) {
    case RAW_RUNE1:
    case RAW_RUNE: {
      const rune = runes[0]!;
      if (runes.length !== 1) {
        return runes;
      }
      return op === RAW_RUNE && arg & FOLD_CASE ? foldings(rune) : [rune, rune];
    }
    case RAW_RUNE_ANY:
      return ANY;
    case RAW_RUNE_ANY_NOT_NL:
      return ANY_NOT_NL;
    default:
      return undefined;
  }
}

/** The parser hands out the same object for copies of a repeated set, which may be long. */
const knownBytes = new WeakMap<ArrayLike<number>, ArrayLike<number>>();

function bytesOf(characters: ArrayLike<number>): ArrayLike<number> {
  let bytes = knownBytes.get(characters);
  if (!bytes) {
    bytes = latin1Bytes(characters);
    knownBytes.set(characters, bytes);
  }
  return bytes;
}

const foldingsOf = new Map<number, ArrayLike<number>>();

/** All characters that equal one but for case, as the parser folds a class: beside NUL, which folds to nothing. */
function foldings(rune: number): ArrayLike<number> {
  let found = foldingsOf.get(rune);
  if (!found) {
    const { inst } = compileUnicode(`(?i:[\\x00\\x{${rune.toString(16)}}])`).re2Input.prog;
    const { runes } = (inst as readonly RawInstruction[]).find(({ op }) => op === RAW_RUNE)!;
    found = Array.from(runes).slice(2);
    foldingsOf.set(rune, found);
  }
  return found;
}
