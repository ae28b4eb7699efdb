/** Says of each object that is wrong that it does not count as it is, once, and when it counts again. */

import { formatDiagnostics, type HeldObject, printable } from "../index.ts";
import { EventLines } from "./event-lines.ts";
import type { Terminal } from "./terminal.ts";

export class HeldVoice {
  readonly #lines: EventLines;
  readonly #terminal: Terminal;
  /** By path. */
  #held = new Map<string, HeldObject>();

  constructor(lines: EventLines, terminal: Terminal) {
    this.#lines = lines;
    this.#terminal = terminal;
  }

  tell(held: readonly HeldObject[]): void {
    const before = this.#held;
    this.#held = new Map(held.map((one) => [one.file.path, one]));
    for (const one of held) {
      const known = before.get(one.file.path);
      if (known?.file.text !== one.file.text || known.holds !== one.holds) {
        this.#say(one);
      }
    }
    for (const path of before.keys()) {
      if (!this.#held.has(path)) {
        this.#lines.say({
          event: "mended",
          line: `${printable(path)} counts as it is again`,
          fields: { path },
        });
      }
    }
  }

  #say({ file: { path }, holds, findings }: HeldObject): void {
    const line = {
      "at its last good version": `${path} is wrong; its last good version stays in effect`,
      "left out": `${path} is wrong and is left out`,
      "although it was deleted": `${path} was deleted and stays in effect: without it, others are wrong`,
    }[holds];
    const { diagnostics } = findings;
    const shown = printable(line);
    const words = formatDiagnostics(findings, this.#terminal.errLook);
    this.#lines.say(
      { event: "wrongObject", line, fields: { path, holds, diagnostics } },
      `${shown}\n${words}`,
    );
  }
}

/** For a command that asks once: its answer is without these objects. */
export function sayHeld(held: readonly HeldObject[], terminal: Terminal): void {
  new HeldVoice(new EventLines(terminal, "text"), terminal).tell(held);
}
