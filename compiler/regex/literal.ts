/**
 * What every text that matches begins with. Rules are filed under it, so that most expressions are never asked.
 */

import {
  ASSERT_BEGIN_LINE,
  ASSERT_BEGIN_TEXT,
  ASSERT_END_LINE,
  ASSERT_END_TEXT,
} from "../../filter/regex/layout.ts";
import { ASSERT, CAPTURE, MATCH, NOP, parseRegex, RUNES } from "./parse.ts";

/** The literal prefix of a pattern, and whether that is all: then the pattern is an exact match of it. */
export interface RegexLiteral {
  readonly prefix: string;
  readonly isWhole: boolean;
}

export function regexLiteral(pattern: string): RegexLiteral {
  const { instructions, start } = parseRegex(pattern);
  let prefix = "";
  for (let pc = start; ; ) {
    const { op, arg, out, runes } = instructions[pc]!;
    if (op === RUNES) {
      if (runes.length !== 2 || runes[0] !== runes[1]) return { prefix, isWhole: false };
      prefix += String.fromCodePoint(runes[0]!);
    } else if (op === ASSERT) {
      const holds = prefix === "" && (arg & ~(ASSERT_BEGIN_TEXT | ASSERT_BEGIN_LINE)) === 0;
      if (!holds) return { prefix, isWhole: endsHere(arg, instructions[out]!.op) };
    } else if (op !== NOP && op !== CAPTURE) {
      return { prefix, isWhole: op === MATCH };
    }
    pc = out;
  }
}

function endsHere(assertion: number, next: number): boolean {
  return (assertion & ~(ASSERT_END_TEXT | ASSERT_END_LINE)) === 0 && next === MATCH;
}

/** The longest text that everything the pattern matches begins with, as far as it is easy to tell. */
export function literalPrefix(pattern: string): string {
  return regexLiteral(pattern).prefix;
}
