/** The whole of a terminal, for as long as it is needed; afterwards it is as it was, whatever happens. */

import type { Keyboard, Terminal } from "./terminal.ts";

const ESC = "\u001b";
/** The other screen of the terminal, without a cursor, with lines that end at its edge. */
const ENTER = `${ESC}[?1049h${ESC}[?25l${ESC}[?7l`;
const LEAVE = `${ESC}[?7h${ESC}[?25h${ESC}[?1049l`;
const HOME = `${ESC}[H`;
const CLEAR_LINE = `${ESC}[K`;
const CLEAR_BELOW = `${ESC}[J`;

const NAMED_KEYS: Readonly<Record<string, string>> = {
  [`${ESC}[A`]: "up",
  [`${ESC}[B`]: "down",
  [`${ESC}OA`]: "up",
  [`${ESC}OB`]: "down",
  [`${ESC}[5~`]: "page up",
  [`${ESC}[6~`]: "page down",
  [`${ESC}[H`]: "home",
  [`${ESC}[F`]: "end",
  [ESC]: "escape",
  "\r": "enter",
  "\n": "enter",
  "\u007f": "backspace",
  "\b": "backspace",
  "\u0003": "ctrl-c",
};

const SEQUENCES = new RegExp(`${ESC}(?:\\[[0-9;]*[A-Za-z~]|O[A-Za-z])|[^]`, "gu");

/** What was typed: characters as they are, and other keys by their names, such as `up`. */
export function keysOf(bytes: Buffer): readonly string[] {
  return [...bytes.toString().matchAll(SEQUENCES)].map(([key]) => NAMED_KEYS[key] ?? key);
}

export class FullScreen {
  readonly #terminal: Terminal;
  readonly #keyboard: Keyboard;
  readonly #onKey: (key: string) => void;
  readonly #stopResize: () => void;
  #isOpen = true;

  /** `onKey` is told what was typed, `onResize` that there is another size to draw for. */
  constructor(
    terminal: Terminal,
    keyboard: Keyboard,
    { onKey, onResize }: { readonly onKey: (key: string) => void; readonly onResize: () => void },
  ) {
    this.#terminal = terminal;
    this.#keyboard = keyboard;
    this.#onKey = onKey;
    this.#stopResize = keyboard.onResize(onResize);
    keyboard.keys.setRawMode(true);
    keyboard.keys.on("data", this.#onData);
    keyboard.keys.resume();
    terminal.out(ENTER);
    process.on("exit", this.close);
  }

  get size(): ReturnType<Keyboard["size"]> {
    return this.#keyboard.size();
  }

  /** Lines beyond the last one of the screen are left out. */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, this.size.rows);
    this.#terminal.out(HOME + shown.map((line) => line + CLEAR_LINE).join("\r\n") + CLEAR_BELOW);
  }

  /** Safe to call again. */
  readonly close = (): void => {
    if (!this.#isOpen) {
      return;
    }
    this.#isOpen = false;
    process.off("exit", this.close);
    this.#stopResize();
    this.#keyboard.keys.off("data", this.#onData);
    this.#keyboard.keys.setRawMode(false);
    this.#keyboard.keys.pause();
    this.#terminal.out(LEAVE);
  };

  readonly #onData = (bytes: Buffer): void => {
    for (const key of keysOf(bytes)) {
      this.#onKey(key);
    }
  };
}
