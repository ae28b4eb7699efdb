/** Lines of a file in tokens, as many as one answer may have. */

import { lineCount } from "../diagnostics/position.ts";
import type { SourceFile } from "../diagnostics/span.ts";
import { visibleLines } from "../diagnostics/visible-lines.ts";
import type { LinesView } from "./api.ts";
import { LINES_BEFORE, tokensOf } from "./tokens.ts";

/** Lines of one answer; whoever wants more asks again. */
const MOST_LINES = 1000;
/** Characters of one answer, and of one line: nobody reads on, and a JSON of megabytes may be in one line. */
const MOST_CHARACTERS = 256 * 1024;
const LONGEST_LINE = 2000;

/** Lines count from 1. There may be fewer than were asked for, but at least one where there is one. */
export function linesView(file: SourceFile, from: number, to: number): Omit<LinesView, "generation"> {
  const first = Math.max(1, from);
  const begin = Math.max(1, first - LINES_BEFORE);
  const last = Math.min(to, first + MOST_LINES - 1, lineCount(file));
  const lines = visibleLines(file, begin, last).map(shown);
  const before = Math.min(first - begin, lines.length);
  return { from: first, lines: tokensOf(lines.slice(0, endOf(lines, before)), before) };
}

/** How many of the lines there is room for, the first behind `before` in any case. */
function endOf(lines: readonly string[], before: number): number {
  let end = before;
  for (let characters = 0; end < lines.length; end++) {
    characters += lines[end]!.length;
    if (characters > MOST_CHARACTERS && end > before) {
      break;
    }
  }
  return end;
}

function shown(line: string): string {
  const text = line.replace(/\r$/, "");
  return text.length <= LONGEST_LINE
    ? text
    : `${text.slice(0, LONGEST_LINE).replace(/\p{Surrogate}$/u, "")}…`;
}
