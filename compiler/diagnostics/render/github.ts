/**
 * Diagnostics as workflow commands, which GitHub Actions shows beside the lines that they are about:
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */

import type { Diagnostic } from "../diagnostic.ts";
import { rangeOf } from "../position.ts";
import { printable } from "./printable.ts";

const COMMANDS = { error: "error", warning: "warning", info: "notice" } as const;

export function renderGithub(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map((diagnostic) => `${command(diagnostic)}\n`).join("");
}

function command({ code, level, message, span, help }: Diagnostic): string {
  const place: [string, string | number][] = [];
  if (span !== undefined) {
    const { start, end } = rangeOf(span);
    place.push(["file", span.file.path], ["line", start.line], ["endLine", end.line]);
    // Columns are allowed on one line only.
    if (start.line === end.line) {
      place.push(["col", start.column], ["endColumn", end.column]);
    }
  }
  const properties = [...place, ["title", code] as const].map(
    ([name, value]) => `${name}=${escapedProperty(String(value))}`,
  );
  return `::${COMMANDS[level]} ${properties.join(",")}::${escaped(help === undefined ? message : `${message}\n${help}`)}`;
}

/** A line's end would begin another command, and control characters would steer who reads the log in a terminal. */
function escaped(text: string): string {
  return printable(text.replace(/\r\n?/g, "\n")).replace(/%/g, "%25").replace(/\n/g, "%0A");
}

function escapedProperty(text: string): string {
  return escaped(text).replace(/:/g, "%3A").replace(/,/g, "%2C");
}
