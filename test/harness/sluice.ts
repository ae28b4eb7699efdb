/** Runs the built command line, `dist/sluice.js`, as a user would. */

import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { packageRoot } from "../../compiler/platform/package-root.ts";

export interface Outcome {
  /** `null` when it did not end by itself in time. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface JsonDiagnostic {
  readonly code: string;
  readonly level: "error" | "warning" | "info";
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly help?: string;
}

/** What hangs is ended after so long, which is many times what any call takes on a busy machine. */
const TIMEOUT_MS = 50_000;

/** Starts it with pipes for its three streams. */
export function launch(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): ChildProcess {
  const program = path.join(packageRoot().directory, "dist", "sluice.js");
  return spawn(process.execPath, [program, ...args], { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
}

export function sluice(
  args: readonly string[],
  cwd: string,
  input: string | Readable = "",
): Promise<Outcome> {
  return outcomeOf(launch(args, cwd), input);
}

/** What a program said and how it ended, given its input. */
export function outcomeOf(child: ChildProcess, input: string | Readable = ""): Promise<Outcome> {
  return new Promise((resolve) => {
    let out = "";
    let err = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, out, err });
    });
    child.stdin!.on("error", () => {});
    if (typeof input === "string") {
      child.stdin!.end(input);
    } else {
      input.pipe(child.stdin!);
    }
  });
}

export interface RunEvent {
  readonly event: string;
  readonly message?: string;
  readonly diagnostics?: readonly JsonDiagnostic[];
  readonly listeners?: readonly { readonly name: string; readonly port: number }[];
}

/** A `sluice run --format json`, or a `sluice serve`, that goes on until it is stopped. */
export class SluiceRun {
  readonly events: RunEvent[] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<number | null>;
  #errors = "";
  #hasClosed = false;
  #waiting: (() => void)[] = [];

  constructor(args: readonly string[], cwd: string, command: "run" | "serve" = "run") {
    this.#child = launch([command, ...args, "--format", "json"], cwd);
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      this.events.push(JSON.parse(line));
      this.#wakeAll();
    });
    this.#closed = new Promise((resolve) => {
      this.#child.on("close", (code) => {
        this.#hasClosed = true;
        resolve(code);
        this.#wakeAll();
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The first event of the name at or after an index of `events`. */
  event(name: string, from = 0): Promise<RunEvent> {
    return this.when(() => this.events.slice(from).find(({ event }) => event === name), name);
  }

  /** What is found in `events`, as soon as it is there; `what` says what was waited for. */
  async when<Found>(find: () => Found | undefined, what: string): Promise<Found> {
    const deadline = setTimeout(() => this.#child.kill("SIGKILL"), TIMEOUT_MS);
    try {
      for (;;) {
        const found = find();
        if (found !== undefined) {
          return found;
        }
        // What it said last may be read after it has ended.
        if (this.#hasClosed) {
          throw new Error(`ended before "${what}": ${JSON.stringify(this.events)}\n${this.#errors}`);
        }
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Presses Enter. */
  enter(): void {
    this.#child.stdin!.write("\n");
  }

  stop(signal: "SIGINT" | "SIGKILL" = "SIGINT"): Promise<number | null> {
    this.#child.kill(signal);
    return this.#closed;
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) {
      wake();
    }
  }
}
