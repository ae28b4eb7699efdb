/** Lines and columns, computed when something is printed. Both count from 1; columns count UTF-16 units. */

import type { SourceFile, Span } from "../source/span.ts";

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Offset of the first character of each line; made once for a file. */
const lineStarts = new WeakMap<SourceFile, number[]>();

export function positionAt(file: SourceFile, offset: number): Position {
  let starts = lineStarts.get(file);
  if (!starts) {
    starts = [0];
    for (let i = file.text.indexOf("\n"); i >= 0; i = file.text.indexOf("\n", i + 1)) starts.push(i + 1);
    lineStarts.set(file, starts);
  }
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - starts[low]! + 1 };
}

/** First and last position of a span; white space at its end does not count. */
export function rangeOf({ file, start, end }: Span): { readonly start: Position; readonly end: Position } {
  let last = Math.max(start + 1, end);
  while (last > start + 1 && /\s/.test(file.text[last - 1]!)) last--;
  return { start: positionAt(file, start), end: positionAt(file, last) };
}
