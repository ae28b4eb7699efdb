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
}

/** How text looks on a stream: what the formatters of the API want to know. */
export interface Look {
  readonly color: boolean;
  /** Characters of a line. */
  readonly columns: number;
}

/** Of what is not a terminal, or does not know its width. */
const COLUMNS = 80;

export class Terminal {
  readonly #out: Stream;
  readonly #err: Stream;
  readonly #env: NodeJS.ProcessEnv;
  #color: ColorChoice = "auto";
  #outlivesReaders = false;

  constructor(out: Stream, err: Stream, env: NodeJS.ProcessEnv = {}) {
    this.#out = out;
    this.#err = err;
    this.#env = env;
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

  /** How wide the terminal is that `err` writes to; absent where a line cannot be written over. */
  get errColumns(): number | undefined {
    return this.#err.isTTY && this.#env.TERM !== "dumb" ? this.errLook.columns : undefined;
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
  const terminal = new Terminal(process.stdout, process.stderr, process.env);
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
