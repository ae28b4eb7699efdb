/** Patterns of what may be claimed: a `*` stands for any characters, every other character for itself. */

/** Whether a pattern admits all of a text. */
export function admits(pattern: string, text: string): boolean {
  const [first, ...rest] = pattern.split("*") as [string, ...string[]];
  const last = rest.pop();
  if (last === undefined) {
    return text === pattern;
  }
  const end = text.length - last.length;
  if (!text.startsWith(first) || !text.endsWith(last) || end < first.length) {
    return false;
  }
  // Each part as early as it can be: no later place could leave more room to those behind it.
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) {
      return false;
    }
    at = found + part.length;
  }
  return true;
}

export function isAdmitted(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => admits(pattern, text));
}
