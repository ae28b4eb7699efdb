/** What the compiler said about the input, collected, counted and shown as text or JSON. */

import type { Level } from "../codes.ts";
import type { Diagnostic, DiagnosticSink } from "../diagnostic.ts";
import { Ignores } from "../ignores.ts";
import type { SourceFile } from "../span.ts";
import { renderGithub } from "./github.ts";
import { type JsonDiagnostic, toJson } from "./json.ts";
import { renderSarif } from "./sarif.ts";
import type { Style } from "./style.ts";
import { renderCounts, renderText } from "./text.ts";

export type Format = "text" | "json";

/** How many findings there are, by level. `strict`: warnings count as errors. */
export interface FindingsSummary {
  readonly errors: number;
  readonly warnings: number;
  readonly infos: number;
  readonly strict: boolean;
}

/** What was found in an input. `JSON.stringify` makes of it what `--format json` prints; fields are added, never changed. */
export interface Findings {
  /** From the top of each file to its end; last what concerns no file. */
  readonly diagnostics: readonly JsonDiagnostic[];
  readonly summary: FindingsSummary;
  /** Whether the input is refused: there are errors, or warnings that count as such. */
  readonly hasErrors: boolean;
}

/** Characters of a text. What is wrong is repeated in it, and may be megabytes long; why it is wrong stands behind that. */
const LONGEST = 1000;
/** The same for one with lists, which people ask for in full. */
const LONGEST_WITH_LISTS = 10_000;
const KEPT_AT_END = 300;

function brief(diagnostic: Diagnostic): Diagnostic {
  const { message, help, related, lists } = diagnostic;
  const most = lists === undefined ? LONGEST : LONGEST_WITH_LISTS;
  if (message.length <= most && (help?.length ?? 0) <= most && related === undefined) {
    return diagnostic;
  }
  return {
    ...diagnostic,
    message: cut(message, most),
    ...(help !== undefined && { help: cut(help, most) }),
    ...(related && { related: related.map((one) => ({ ...one, message: cut(one.message, LONGEST) })) }),
  };
}

function cut(text: string, most: number): string {
  if (text.length <= most) {
    return text;
  }
  const start = text.slice(0, most - KEPT_AT_END).replace(/\p{Surrogate}$/u, "");
  return `${start}…${text.slice(-KEPT_AT_END).replace(/^\p{Surrogate}/u, "")}`;
}

export class Report implements DiagnosticSink, Findings {
  readonly #diagnostics: Diagnostic[] = [];
  readonly #strict: boolean;
  readonly #quiet: boolean;
  readonly #ignores = new Ignores();

  /** `strict` counts warnings as errors; `quiet` leaves out notes, as if they were not found. */
  constructor(strict: boolean, quiet = false) {
    this.#strict = strict;
    this.#quiet = quiet;
  }

  report(diagnostic: Diagnostic): void {
    // A comment that silences a note is of use to those who want to see notes.
    if (!this.#ignores.silences(diagnostic) && !(this.#quiet && diagnostic.level === "info")) {
      this.#diagnostics.push(brief(diagnostic));
    }
  }

  /** When nothing more will be found: comments that were of no use. */
  reportUselessIgnores(files: Iterable<SourceFile>): void {
    this.#ignores.reportUseless(files, { report: (diagnostic) => this.#diagnostics.push(diagnostic) });
  }

  get hasErrors(): boolean {
    return this.#count("error") > 0 || (this.#strict && this.#count("warning") > 0);
  }

  /** What counts as an error here. */
  get errors(): readonly Diagnostic[] {
    return this.#diagnostics.filter(
      ({ level }) => level === "error" || (this.#strict && level === "warning"),
    );
  }

  /** Nothing that should be put right. */
  get isClean(): boolean {
    return this.#diagnostics.every(({ level }) => level === "info");
  }

  /** Every finding and how many there are; empty when there is none. */
  renderText(style: Style): string {
    if (this.#diagnostics.length === 0) {
      return "";
    }
    const counts = renderCounts(this.#diagnostics, this.#strict);
    return `${renderText(this.#inOrder(), style)}\n${style.colors.bold(counts)}\n`;
  }

  /** One line for commands whose subject is another; empty when there is nothing to say. */
  hint(): string {
    const counts = renderCounts(this.#diagnostics.filter(({ level }) => level !== "info"));
    return counts === "" ? "" : `${counts} about these rules; sluice check prints them\n`;
  }

  renderJson(extra: object = {}): string {
    return `${JSON.stringify({ ...this.toJSON(), ...extra }, null, 2)}\n`;
  }

  /** As errors and warnings count here. */
  renderGithub(): string {
    return renderGithub(this.#asCounted());
  }

  renderSarif(version: string): string {
    return renderSarif(this.#asCounted(), version);
  }

  #asCounted(): Diagnostic[] {
    return this.#inOrder().map((diagnostic) =>
      this.#strict && diagnostic.level === "warning" ? { ...diagnostic, level: "error" } : diagnostic,
    );
  }

  /** In the order in which they were found, for who puts them together again elsewhere. */
  get found(): readonly Diagnostic[] {
    return this.#diagnostics;
  }

  get diagnostics(): readonly JsonDiagnostic[] {
    return this.#inOrder().map(toJson);
  }

  get summary(): FindingsSummary {
    return {
      errors: this.#count("error"),
      warnings: this.#count("warning"),
      infos: this.#count("info"),
      strict: this.#strict,
    };
  }

  toJSON(): Pick<Findings, "diagnostics" | "summary"> {
    return { diagnostics: this.diagnostics, summary: this.summary };
  }

  /** From the top of each file to its end, as a person goes through it; last what concerns no file. */
  #inOrder(): Diagnostic[] {
    return [...this.#diagnostics].sort(({ span: a }, { span: b }) => {
      if (a === undefined || b === undefined) {
        return Number(a === undefined) - Number(b === undefined);
      }
      const files = a.file.path < b.file.path ? -1 : Number(a.file.path > b.file.path);
      return files || a.start - b.start;
    });
  }

  #count(wanted: Level): number {
    return this.#diagnostics.filter(({ level }) => level === wanted).length;
  }
}
