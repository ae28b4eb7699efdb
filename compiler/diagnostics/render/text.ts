/**
 * Diagnostics for people: `file:line:column`, level and code, what is wrong, the lines it is in, other places that
 * explain it, and what to write instead.
 */

import { codeFrameColumns } from "@babel/code-frame";
import type picocolors from "picocolors";
import { LEVEL_WORDS, type Level } from "../codes.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { hideSecrets } from "../hide-secrets.ts";
import { linesOf, rangeOf } from "../position.ts";
import type { SourceFile, Span } from "../span.ts";

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Characters; a longer line would hide the message that it belongs to. */
const LONGEST_LINE = 200;
const LINES_AROUND = 1;

/** Findings; nobody reads more of them, and a hundred thousand would take minutes and megabytes. */
const MOST_SHOWN = 1000;

export function renderText(diagnostics: readonly Diagnostic[], colors: Colors): string {
  const shown = mostSevere(diagnostics, MOST_SHOWN).map((diagnostic) => `${renderOne(diagnostic, colors)}\n`);
  const left = diagnostics.length - shown.length;
  if (left > 0) {
    shown.push(`${left} more are not shown; --format json has all of them\n`);
  }
  return shown.join("\n");
}

/** In their order; when there are too many, what is less severe is left out first. */
function mostSevere(diagnostics: readonly Diagnostic[], most: number): readonly Diagnostic[] {
  if (diagnostics.length <= most) {
    return diagnostics;
  }
  const bySeverity = (["error", "warning", "info"] as const).flatMap((wanted) =>
    diagnostics.filter(({ level }) => level === wanted),
  );
  const kept = new Set(bySeverity.slice(0, most));
  return diagnostics.filter((diagnostic) => kept.has(diagnostic));
}

function renderOne(diagnostic: Diagnostic, colors: Colors): string {
  const { code, level, span, related = [], help } = diagnostic;
  const at = span === undefined ? "" : `${where(span)}: `;
  const head = `${paint(level, colors)(`${LEVEL_WORDS[level]}[${code}]`)}: ${printable(diagnostic.message)}`;
  const parts = [colors.bold(at) + head];
  if (span !== undefined) {
    parts.push(frame(span));
  }
  for (const other of related) {
    parts.push(`  ${where(other.span)}: ${printable(other.message)}`, frame(other.span));
  }
  if (help !== undefined) {
    parts.push(`  ${colors.cyan("help")}: ${printable(help)}`);
  }
  return parts.join("\n");
}

function paint(level: Level, colors: Colors): (text: string) => string {
  return { error: colors.red, warning: colors.yellow, info: colors.blue }[level];
}

function where(span: Span): string {
  const { line, column } = rangeOf(span).start;
  return `${printable(span.file.path)}:${line}:${column}`;
}

/** Files with secrets in them, made fit to be seen once and not for each finding; `undefined`: there are none. */
const harmless = new WeakMap<SourceFile, readonly string[] | undefined>();

function visibleLines(file: SourceFile, first: number, last: number): readonly string[] {
  if (!harmless.has(file)) {
    const hasSecrets = file.text.includes("Secret");
    harmless.set(file, hasSecrets ? hideSecrets(file.text.split("\n"), file.text) : undefined);
  }
  const lines = harmless.get(file);
  return lines === undefined ? linesOf(file, first, last) : lines.slice(first - 1, last);
}

/** The lines around a span, with what is meant marked. Of a span over several lines the first is shown. */
function frame(span: Span): string {
  const { start, end } = rangeOf(span);
  const oneLine = end.line === start.line && start.column <= LONGEST_LINE;
  // The tool would split the whole file; a few lines keep their numbers by `startLine`.
  const first = Math.max(1, start.line - LINES_AROUND);
  const shown = visibleLines(span.file, first, start.line + LINES_AROUND).map((line) =>
    printable(line.replace(/\r$/, "").slice(0, LONGEST_LINE)),
  );
  const options = {
    linesAbove: LINES_AROUND,
    linesBelow: LINES_AROUND,
    startLine: first,
    highlightCode: false,
    forceColor: false,
  };
  const last = Math.max(start.column + 1, Math.min(end.column, LONGEST_LINE));
  return codeFrameColumns(
    shown.join("\n"),
    {
      start: { line: start.line, column: Math.min(start.column, LONGEST_LINE) },
      ...(oneLine && { end: { line: start.line, column: last } }),
    },
    options,
  );
}

/** Control characters, which could steer a terminal, are shown by their number. */
export function printable(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are hostile
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `2 errors, 1 warning, 3 notes`; empty when there is nothing. `strict` says that warnings count as errors. */
export function renderCounts(diagnostics: readonly Diagnostic[], strict = false): string {
  return (["error", "warning", "info"] as const)
    .flatMap((wanted) => {
      const count = diagnostics.filter(({ level }) => level === wanted).length;
      const remark = strict && wanted === "warning" ? " (counted as errors)" : "";
      return count === 0 ? [] : [`${count} ${LEVEL_WORDS[wanted]}${count === 1 ? "" : "s"}${remark}`];
    })
    .join(", ");
}
