/** What the compiler said about the input, collected, counted and shown as text or JSON. */

import type { Diagnostic, DiagnosticSink } from "../diagnostics/diagnostic.ts";
import { position } from "./position.ts";
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
    const fatal = (level: string) => level === "error" || (this.#strict && level === "warning");
    return this.#diagnostics.some(({ level }) => fatal(level));
  }

  renderText(colors: Colors): string {
    return this.#diagnostics
      .map((d) => {
        const at =
          d.span === undefined
            ? ""
            : `${d.span.file.path}:${position(d.span).line}:${position(d.span).column}: `;
        return `${at}${colors.red(d.level)} ${d.code} ${d.message}\n`;
      })
      .join("");
  }

  renderJson(extra: object = {}): string {
    return `${JSON.stringify({ ...this.toJson(), ...extra }, null, 2)}\n`;
  }

  toJson(): object {
    const count = (wanted: string) => this.#diagnostics.filter(({ level }) => level === wanted).length;
    return {
      diagnostics: this.#diagnostics.map(({ span, code, level, message, help }) => ({
        code,
        level,
        message,
        ...(span && { file: span.file.path, ...position(span) }),
        ...(help !== undefined && { help }),
      })),
      summary: { errors: count("error"), warnings: count("warning"), infos: count("info") },
    };
  }
}
