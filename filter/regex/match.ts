/**
 * Regular expressions as tables that the compiler made: full match, linear in the text, nothing allocated. A table
 * must have passed `verifyRegexTable` in this VM.
 */

import { combMatch, denseMatch } from "./dfa";
import { KIND_COMB, KIND_DENSE, KIND_LITERALS, KIND_NFA, TABLE_KIND } from "./layout";
import { nfaMatch } from "./nfa";

export { foundNext, foundTarget, literalTargets } from "./literals";
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
  return kind == KIND_NFA && nfaMatch(table, text, length) ? 1 : 0;
}

/** Whether a table is for `literalTargets`: it says nothing of expressions that match together. */
export function isLiterals(table: usize): bool {
  return load<u32>(table, TABLE_KIND) == KIND_LITERALS;
}
