/**
 * What every text that matches begins with. Rules are filed under it, so that most expressions are never asked.
 */

import * as layout from "../../filter/regex/layout.ts";
import { ASSERT, BYTES, CAPTURE, MATCH, NOP, parseRegex } from "./parse.ts";

/** The literal prefix of a pattern, and whether that is all: then the pattern is an exact match of it. */
export interface RegexLiteral {
  readonly prefix: string;
  readonly isWhole: boolean;
}

export function regexLiteral(pattern: string): RegexLiteral {
  const { instructions, start } = parseRegex(pattern);
  const prefix: number[] = [];
  for (let pc = start; ; ) {
    const { op, arg, out, bytes } = instructions[pc]!;
    if (op === BYTES) {
      if (bytes.length !== 2 || bytes[0] !== bytes[1]) {
        return literal(prefix, false);
      }
      prefix.push(bytes[0]!);
    } else if (op === ASSERT) {
      const holds =
        prefix.length === 0 && (arg & ~(layout.ASSERT_BEGIN_TEXT | layout.ASSERT_BEGIN_LINE)) === 0;
      if (!holds) {
        return literal(prefix, endsHere(arg, instructions[out]!.op));
      }
    } else if (op !== NOP && op !== CAPTURE) {
      return literal(prefix, op === MATCH);
    }
    pc = out;
  }
}

/** As text, as far as the bytes are any. */
function literal(bytes: readonly number[], isWhole: boolean): RegexLiteral {
  const [prefix] = Buffer.from(bytes).toString().split("\ufffd", 1) as [string];
  return { prefix, isWhole: isWhole && Buffer.byteLength(prefix) === bytes.length };
}

function endsHere(assertion: number, next: number): boolean {
  return (assertion & ~(layout.ASSERT_END_TEXT | layout.ASSERT_END_LINE)) === 0 && next === MATCH;
}

/** The longest text that everything the pattern matches begins with, as far as it is easy to tell. */
export function literalPrefix(pattern: string): string {
  return regexLiteral(pattern).prefix;
}
