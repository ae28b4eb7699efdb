/**
 * Regular expressions as tables that the compiler made: full match, linear in the text, nothing allocated. A table
 * must have passed `verifyRegexTable` in this VM.
 */

import { combMatch, denseMatch } from "./dfa";
import { KIND_COMB, KIND_DENSE, TABLE_KIND } from "./layout";
import { nfaMatch } from "./nfa";

export { verifyRegexTable } from "./verify";

/** Whether the expression matches the whole text. */
export function regexFullMatch(table: usize, text: usize, length: i32): bool {
  return regexSetMatch(table, text, length) != 0;
}

/** Which expressions match the whole text: the index of their accept set and one more; 0 for none. */
export function regexSetMatch(table: usize, text: usize, length: i32): u32 {
  const kind = load<u32>(table, TABLE_KIND);
  if (kind == KIND_DENSE) return denseMatch(table, text, length);
  if (kind == KIND_COMB) return combMatch(table, text, length);
  return nfaMatch(table, text, length) ? 1 : 0;
}
