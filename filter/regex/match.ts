/**
 * Regular expressions as tables that the compiler made: full match, linear in the text, nothing allocated. A table
 * must have passed `verifyRegexTable` in this VM.
 */

import { combMatch, denseMatch } from "./dfa";
import * as layout from "./layout";
import { nfaMatch } from "./nfa";

/** Whether the expression matches the whole text. */
export function regexFullMatch(table: usize, text: usize, length: i32): bool {
  return regexSetMatch(table, text, length) != 0;
}

/** Which expressions match the whole text: the index of their accept set and one more; 0 for none. */
export function regexSetMatch(table: usize, text: usize, length: i32): u32 {
  const kind = load<u32>(table, layout.TABLE_KIND);
  if (kind == layout.KIND_DENSE) return denseMatch(table, text, length);
  if (kind == layout.KIND_COMB) return combMatch(table, text, length);
  return kind == layout.KIND_NFA && nfaMatch(table, text, length) ? 1 : 0;
}

/** Whether a table is for `literalTargets`: it says nothing of expressions that match together. */
export function isLiterals(table: usize): bool {
  return load<u32>(table, layout.TABLE_KIND) == layout.KIND_LITERALS;
}
