/** What the compiler said about the input, collected, counted and shown as text or JSON. */

import type { Diagnostic, DiagnosticSink, Level } from "../diagnostics/diagnostic.ts";
import { toJson } from "../diagnostics/render-json.ts";
import { renderCounts, renderText } from "../diagnostics/render-text.ts";
import type { Colors } from "./terminal.ts";

export type Format = "text" | "json";

export class Report implements DiagnosticSink {
  readonly #diagnostics: Diagnostic[] = [];
  readonly #strict: boolean;

  /** `strict` counts warnings as errors. */
  constructor(strict: boolean) {
    this.#strict = strict;
  }

  report(diagnostic: Diagnostic): void {
    this.#diagnostics.push(diagnostic);
  }

  get hasErrors(): boolean {
    return this.#count("error") > 0 || (this.#strict && this.#count("warning") > 0);
  }

  get isEmpty(): boolean {
    return this.#diagnostics.length === 0;
  }

  /** Every finding and how many there are; empty when there is none. */
  renderText(colors: Colors): string {
    if (this.#diagnostics.length === 0) {
      return "";
    }
    const counts = renderCounts(this.#diagnostics);
    const strict = this.#strict && this.#count("error") === 0 && this.hasErrors ? " (counted as errors)" : "";
    const summary = counts === "" ? "" : `\n${colors.bold(counts)}${strict}\n`;
    return renderText(this.#inOrder(), colors) + summary;
  }

  /** One line for commands whose subject is another; empty when there is nothing to say. */
  hint(): string {
    const counts = renderCounts(this.#diagnostics);
    return counts === "" ? "" : `${counts} about these rules; sluice check prints them\n`;
  }

  renderJson(extra: object = {}): string {
    return `${JSON.stringify({ ...this.toJson(), ...extra }, null, 2)}\n`;
  }

  toJson(): object {
    return {
      diagnostics: this.#inOrder().map(toJson),
      summary: {
        errors: this.#count("error"),
        warnings: this.#count("warning"),
        infos: this.#count("info"),
        strict: this.#strict,
      },
    };
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
