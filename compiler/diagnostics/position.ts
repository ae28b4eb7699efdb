/** Lines and columns, computed when something is printed. Both count from 1; columns count UTF-16 units. */

import type { SourceFile, Span } from "./span.ts";

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Offset of the first character of each line; made once for a file. */
const lineStarts = new WeakMap<SourceFile, number[]>();

function startsOf(file: SourceFile): readonly number[] {
  let starts = lineStarts.get(file);
  if (!starts) {
    starts = [0];
    for (let i = file.text.indexOf("\n"); i >= 0; i = file.text.indexOf("\n", i + 1)) {
      starts.push(i + 1);
    }
    lineStarts.set(file, starts);
  }
  return starts;
}

/** How many lines a file has; an empty one behind its last line end does not count. */
export function lineCount(file: SourceFile): number {
  return startsOf(file).length - (file.text.endsWith("\n") ? 1 : 0);
}

/** Some lines of a file, without their ends; they count from 1, and what is not there is left out. */
export function linesOf(file: SourceFile, first: number, last: number): string[] {
  const starts = startsOf(file);
  return starts
    .slice(Math.max(0, first - 1), last)
    .map((start, i) => file.text.slice(start, (starts[Math.max(1, first) + i] ?? file.text.length + 1) - 1));
}

/** The other way round. */
export function offsetAt(file: SourceFile, { line, column }: Position): number {
  return (startsOf(file)[line - 1] ?? file.text.length) + column - 1;
}

export function positionAt(file: SourceFile, offset: number): Position {
  const starts = startsOf(file);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return { line: low + 1, column: offset - starts[low]! + 1 };
}

/** First and last position of a span; white space at its end does not count. */
export function rangeOf({ file, start, end }: Span): { readonly start: Position; readonly end: Position } {
  let last = Math.max(start + 1, end);
  while (last > start + 1 && /\s/.test(file.text[last - 1]!)) {
    last--;
  }
  return { start: positionAt(file, start), end: positionAt(file, last) };
}
