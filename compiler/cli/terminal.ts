/** Where a command writes, and whether in colours. Commands get this handed in; tests hand in their own. */

import picocolors from "picocolors";

/** What picocolors makes. */
export type Colors = ReturnType<typeof picocolors.createColors>;

export interface Terminal {
  /** Results: what a script reads. */
  out(text: string): void;
  /** Everything else: progress, diagnostics of a build, errors. */
  err(text: string): void;
  readonly outColors: Colors;
  readonly errColors: Colors;
  /** How wide the terminal is that `err` is; absent when it is none that a line can be written over in. */
  readonly errColumns?: number;
}

export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    // The reader went away (`| head`): nothing is left to say, and nobody to say it to.
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") {
        process.exit();
      }
      throw error;
    });
  }
  const { isTTY, columns } = process.stderr;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    outColors: picocolors.createColors(wantsColors(process.env, process.stdout.isTTY)),
    errColors: picocolors.createColors(wantsColors(process.env, process.stderr.isTTY)),
    // A terminal of unknown width says 0.
    ...(isTTY && process.env.TERM !== "dumb" && { errColumns: columns || 80 }),
  };
}

/** `NO_COLOR` turns colours off and `FORCE_COLOR` on; otherwise a terminal that is not dumb has them. */
export function wantsColors(env: NodeJS.ProcessEnv, isTerminal: boolean | undefined): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") {
    return false;
  }
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "") {
    return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  }
  return isTerminal === true && env.TERM !== "dumb";
}
