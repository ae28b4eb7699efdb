/** One cause of many errors: where a parser finds something to say about every line, a reader wants to know the one thing that is wrong. */

import type { YAMLError } from "yaml";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { SourceFile } from "../diagnostics/span.ts";
import { templateAt } from "./templates.ts";

/** What all of the errors come from; undefined when there is no such thing. */
export function causeOf(file: SourceFile, errors: readonly YAMLError[]): Diagnostic | undefined {
  if (errors.length === 0) {
    return undefined;
  }
  return (
    templateFinding(file, true) ?? joinedFinding(file) ?? lineEndFinding(file) ?? tabFinding(file, errors)
  );
}

/** SL0017 of a file that is a template, whether or not it can be parsed. */
export function templateFinding(file: SourceFile, isBroken: boolean): Diagnostic | undefined {
  const at = templateAt(file.text, isBroken);
  return at === undefined ? undefined : templateError(file, at, at + 2);
}

/** SL0017 at a place. */
export function templateError(file: SourceFile, start: number, end: number): Diagnostic {
  return {
    code: "SL0017",
    level: "error",
    message: "this is a template: its `{{ … }}` must be rendered first",
    span: { file, start, end },
    help: "Render it, for example `helm template CHART | sluice check -`, or leave it out with `--exclude`.",
  };
}

function joinedFinding(file: SourceFile): Diagnostic | undefined {
  const at = file.text.indexOf("\ufeff", 1);
  return at < 1 || file.text[at - 1] !== "\n"
    ? undefined
    : invalid(
        file,
        at,
        "a byte order mark in the middle of the file",
        "Remove it; it may only begin a file.",
      );
}

function lineEndFinding(file: SourceFile): Diagnostic | undefined {
  const at = file.text.indexOf("\r");
  return at < 0 || file.text.includes("\n")
    ? undefined
    : invalid(file, at, "its lines end with a carriage return alone", "End each line with a line feed.");
}

function tabFinding(file: SourceFile, errors: readonly YAMLError[]): Diagnostic | undefined {
  const tabs = errors.filter(({ code }) => code === "TAB_AS_INDENT");
  const [first] = tabs;
  const more = tabs.length > 1 ? ` This concerns ${tabs.length} lines.` : "";
  return first && invalid(file, first.pos[0], "tabs cannot indent", `Indent with spaces.${more}`);
}

function invalid(file: SourceFile, start: number, what: string, help: string): Diagnostic {
  return {
    code: "SL0005",
    level: "error",
    message: `invalid YAML: ${what}`,
    span: { file, start, end: start + 1 },
    help,
  };
}
