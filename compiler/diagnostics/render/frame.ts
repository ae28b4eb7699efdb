/** The lines of a file around a span, with what is meant marked. */

import { codeFrameColumns } from "@babel/code-frame";
import { rangeOf } from "../position.ts";
import type { Span } from "../span.ts";
import { visibleLines } from "../visible-lines.ts";
import { printable } from "./printable.ts";
import type { Style } from "./style.ts";

const LINES_AROUND = 1;

/** Characters before what is marked, where a line is too long to show its start as well. */
const LEAD = 20;

/** At the least; in a narrower terminal lines break as it breaks them. */
const NARROWEST = 30;

/** Of a span over several lines the first is shown; of lines that are too long, what is around the span. */
export function frame(span: Span, { columns, colors }: Style): string {
  const { start, end } = rangeOf(span);
  // The tool would split the whole file; a few lines keep their numbers by `startLine`.
  const first = Math.max(1, start.line - LINES_AROUND);
  const lines = visibleLines(span.file, first, start.line + LINES_AROUND);
  const gutter = `> ${start.line + LINES_AROUND} | `.length;
  const room = Math.max(NARROWEST, columns - gutter);
  const marked = lines[start.line - first]?.length ?? 0;
  const isWide = marked > room;
  const from = isWide && start.column > room - LEAD ? start.column - LEAD : 0;
  const column = start.column - from;
  const last = end.line === start.line ? Math.min(end.column - from, room + 1) : undefined;
  const options = {
    linesAbove: LINES_AROUND,
    linesBelow: LINES_AROUND,
    startLine: first,
    highlightCode: false,
    forceColor: false,
  };
  const text = codeFrameColumns(
    lines.map((line) => windowOf(line.replace(/\r$/, ""), from, room)).join("\n"),
    {
      start: { line: start.line, column },
      ...(last !== undefined && { end: { line: start.line, column: Math.max(column + 1, last) } }),
    },
    options,
  );
  return text
    .split("\n")
    .map((line) => (/^ +\d/.test(line) ? colors.dim(line) : line))
    .join("\n");
}

/** Some characters of a line, with `…` where others are left out. */
function windowOf(line: string, from: number, room: number): string {
  const to = from + room;
  const shown = line.slice(from, to);
  const start = from > 0 && shown !== "" ? `…${shown.slice(1)}` : shown;
  return printable(line.length > to ? `${start.slice(0, -1)}…` : start);
}
