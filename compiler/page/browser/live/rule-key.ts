/** By what a rule, or a match of it, is known on both sides: in what is written, and in what was counted. */

export function ruleKey(rule: string, match: string | undefined): string {
  return match === undefined ? rule : `${rule}\n${match}`;
}
