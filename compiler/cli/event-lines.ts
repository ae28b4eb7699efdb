/** What happens while a command runs: a line each for people, or one JSON object a line for programs. */

import { type Findings, formatDiagnostics } from "../index.ts";
import type { Format } from "./format.ts";
import type { Terminal } from "./terminal.ts";

/** An event with its line; the name and the fields are for programs. */
export interface Said {
  readonly event: string;
  readonly line: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export class EventLines {
  readonly #terminal: Terminal;
  readonly #format: Format;

  constructor(terminal: Terminal, format: Format) {
    this.#terminal = terminal;
    this.#format = format;
  }

  /** `shown`: the line as people see it, if not as it is. */
  say({ event, line, fields = {} }: Said, shown = line): void {
    if (this.#format === "json") {
      this.#terminal.out(`${JSON.stringify({ event, message: line, ...fields })}\n`);
    } else {
      this.#terminal.err(`${this.#terminal.errColors.dim("sluice:")} ${shown}\n`);
    }
  }

  diagnostics(findings: Findings): void {
    if (this.#format === "json") {
      const { diagnostics, summary } = findings;
      this.#terminal.out(`${JSON.stringify({ event: "diagnostics", diagnostics, summary })}\n`);
    } else {
      this.#terminal.err(formatDiagnostics(findings, this.#terminal.errLook));
    }
  }
}
