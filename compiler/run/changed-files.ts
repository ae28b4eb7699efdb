/** What has changed in the texts of rules. */

import type { SourceFile } from "../diagnostics/span.ts";

export function isSameText(before: readonly SourceFile[], after: readonly SourceFile[]): boolean {
  return before.length === after.length && changedFiles(before, after).length === 0;
}

/** The paths of files that are new, gone, or not as they were. */
export function changedFiles(before: readonly SourceFile[], after: readonly SourceFile[]): readonly string[] {
  const was = new Map(before.map(({ path, text }) => [path, text]));
  const is = new Map(after.map(({ path, text }) => [path, text]));
  return [...new Set([...was.keys(), ...is.keys()])].filter((path) => was.get(path) !== is.get(path));
}
