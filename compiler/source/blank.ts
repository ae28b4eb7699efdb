/** A line that is neither blank nor a comment nor a mark between documents. */
const CONTENT = /^(?![ \t]*(?:#|$)|(?:---|\.\.\.)[ \t]*(?:#.*)?$)./m;

/** Whether a text has no document in it: blank lines, comments, and marks between documents. */
export function isBlank(text: string): boolean {
  return !CONTENT.test(text);
}
