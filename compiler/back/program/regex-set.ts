/**
 * Many expressions on one attribute: the regex engine makes as few tables of them as it can, each walked once for a
 * value, and each set of expressions that can match together leads to one word.
 */

import type { GraphContext, RegexSet } from "./candidate.ts";

/**
 * Writes the tables and returns the first record, 0 without patterns. `word` is given the expressions, by index, that
 * match together.
 */
export function writeRegexSets(
  context: GraphContext,
  kind: number,
  patterns: readonly string[],
  word: (members: readonly number[]) => number,
): number {
  let next = 0;
  if (patterns.length === 0) {
    return next;
  }
  const write = ({ record, words }: RegexSet, following: number): number => {
    const written = words.map((entry) => ("record" in entry ? write(entry, 0) : word(entry)));
    return context.writer.record(kind, [record, following, ...written]);
  };
  for (const set of [...context.regexSets(patterns)].reverse()) {
    next = write(set, next);
  }
  return next;
}
