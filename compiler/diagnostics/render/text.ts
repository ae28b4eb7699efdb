/**
 * Diagnostics for people: `file:line:column`, level and code, what is wrong, the lines it is in, other places that
 * explain it, and what to write instead.
 */

import { LEVEL_WORDS, type Level } from "../codes.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { rangeOf } from "../position.ts";
import type { Span } from "../span.ts";
import { frame } from "./frame.ts";
import { printable } from "./printable.ts";
import { type Colors, folded, listed, type Style, wrap } from "./style.ts";

/** Findings; nobody reads more of them, and a hundred thousand would take minutes and megabytes. */
const MOST_SHOWN = 1000;

/** Other places of a finding, each with its lines. */
const MOST_PLACES = 3;

export function renderText(diagnostics: readonly Diagnostic[], style: Style): string {
  const shown = mostSevere(diagnostics, MOST_SHOWN).map((diagnostic) => `${renderOne(diagnostic, style)}\n`);
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

function renderOne(diagnostic: Diagnostic, style: Style): string {
  const { code, level, span, related = [], lists = [] } = diagnostic;
  const { bold, cyan } = style.colors;
  const words = (text: string) => printable(withFoldedLists(text, lists, style));
  const at = span === undefined ? "" : `${where(span)}: `;
  const severity = bold(paint(level, style.colors)(`${LEVEL_WORDS[level]}[${code}]`));
  const places = related.map(
    (other) =>
      `${wrap(`  ${where(other.span)}: ${words(other.message)}`, style)}\n${frame(other.span, style)}`,
  );
  return [
    wrap(`${at}${severity}: ${bold(words(diagnostic.message))}`, style, 4),
    ...(span === undefined ? [] : [frame(span, style)]),
    ...folded(places, style, (left) => `  … ${left} more places`, MOST_PLACES),
    ...(diagnostic.help === undefined
      ? []
      : [wrap(`  ${cyan("help")}: ${words(diagnostic.help)}`, style, 4)]),
  ].join("\n");
}

function withFoldedLists(text: string, lists: readonly (readonly string[])[], style: Style): string {
  return lists.reduce((now, names) => now.replace(names.join(", "), () => listed(names, style)), text);
}

function paint(level: Level, colors: Colors): (text: string) => string {
  return { error: colors.red, warning: colors.yellow, info: colors.blue }[level];
}

function where(span: Span): string {
  const { line, column } = rangeOf(span).start;
  return `${printable(span.file.path)}:${line}:${column}`;
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
