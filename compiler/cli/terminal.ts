/**
 * Where a command writes, and how text looks there: whether in colours, and how wide. This is the one place that decides
 * it, from `--color`, the environment and what the two streams are. Commands get a terminal handed in; tests make their own.
 */

import picocolors from "picocolors";

/** What picocolors makes. */
export type Colors = ReturnType<typeof picocolors.createColors>;

export const COLOR_CHOICES = ["auto", "always", "never"] as const;
/** What `--color` says; `auto` leaves it to the environment and to what the stream is. */
export type ColorChoice = (typeof COLOR_CHOICES)[number];

/** What a terminal needs of a stream such as standard output. */
export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** What a terminal needs of standard input, for keys. */
export interface KeyStream {
  readonly isTTY?: boolean | undefined;
  setRawMode(raw: boolean): unknown;
  on(event: "data", listener: (bytes: Buffer) => void): unknown;
  off(event: "data", listener: (bytes: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** A terminal that shows what it is told to in any place, and has keys. */
export interface Keyboard {
  readonly keys: KeyStream;
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** Gives the way to end that. */
  readonly onResize: (listener: () => void) => () => void;
}

/** How text looks on a stream: what the formatters of the API want to know. */
export interface Look {
  readonly color: boolean;
  /** Characters of a line. */
  readonly columns: number;
}

/** Of what is not a terminal, or does not know its width. */
const COLUMNS = 80;
const ROWS = 24;

export class Terminal {
  readonly #out: Stream;
  readonly #err: Stream;
  readonly #env: NodeJS.ProcessEnv;
  readonly #keys: KeyStream | undefined;
  #color: ColorChoice = "auto";
  #outlivesReaders = false;

  constructor(out: Stream, err: Stream, env: NodeJS.ProcessEnv = {}, keys?: KeyStream) {
    this.#out = out;
    this.#err = err;
    this.#env = env;
    this.#keys = keys;
  }

  /** Results: what a script reads. */
  readonly out = (text: string): void => void this.#out.write(text);

  /** Everything else: progress, diagnostics of a build, errors. */
  readonly err = (text: string): void => void this.#err.write(text);

  /** From now on, that what is said cannot be written is no reason to end: something serves requests meanwhile. */
  outliveReaders(): void {
    this.#outlivesReaders = true;
  }

  get outlivesReaders(): boolean {
    return this.#outlivesReaders;
  }

  /** Obeys `--color`, which wins over the environment. */
  useColors(when: ColorChoice): void {
    this.#color = when;
  }

  get outLook(): Look {
    return this.#look(this.#out);
  }

  get errLook(): Look {
    return this.#look(this.#err);
  }

  get outColors(): Colors {
    return picocolors.createColors(this.outLook.color);
  }

  get errColors(): Colors {
    return picocolors.createColors(this.errLook.color);
  }

  /** How wide the terminal is that `out` writes to; absent where nothing has a width, as in a file. */
  get outColumns(): number | undefined {
    return this.#out.isTTY ? this.outLook.columns : undefined;
  }

  /** How wide the terminal is that `err` writes to; absent where a line cannot be written over. */
  get errColumns(): number | undefined {
    return this.#err.isTTY && this.#env.TERM !== "dumb" ? this.errLook.columns : undefined;
  }

  /** Absent where results do not go to somebody who has a keyboard. */
  get keyboard(): Keyboard | undefined {
    const [out, keys] = [this.#out, this.#keys];
    if (keys?.isTTY !== true || out.isTTY !== true || this.#env.TERM === "dumb") {
      return undefined;
    }
    return {
      keys,
      size: () => ({ columns: this.outLook.columns, rows: out.rows || ROWS }),
      onResize: (listener) => {
        process.on("SIGWINCH", listener);
        return () => process.off("SIGWINCH", listener);
      },
    };
  }

  #look({ isTTY, columns }: Stream): Look {
    return {
      color: this.#color === "auto" ? wantsColors(this.#env, isTTY) : this.#color === "always",
      // A terminal of unknown width says 0.
      columns: (isTTY && columns) || COLUMNS,
    };
  }
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const terminal = new Terminal(process.stdout, process.stderr, process.env, process.stdin);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (terminal.outlivesReaders) {
        return;
      }
      // The reader went away (`| head`): nothing is left to say, and nothing that could hear it.
      if (error.code === "EPIPE") {
        process.exit();
      }
      throw error;
    });
  }
  return terminal;
}

/** `NO_COLOR` turns colours off and `FORCE_COLOR` on; otherwise a terminal that is not dumb has them. */
function wantsColors(env: NodeJS.ProcessEnv, isTerminal: boolean | undefined): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") {
    return false;
  }
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "") {
    return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  }
  return isTerminal === true && env.TERM !== "dumb";
}
