/** `sluice serve` as a process of its own, as anybody starts it: what it says is shown, and can be waited for. */

import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { EnvironmentError, packageRoot } from "../../../compiler/index.ts";

/** A line of `--format json`: an event of a fleet, and how it is said. */
export interface ServeEvent {
  readonly event: string;
  readonly message?: string;
  readonly [field: string]: unknown;
}

interface Waiting {
  isIt(event: ServeEvent): boolean;
  resolve(event: ServeEvent): void;
  reject(error: Error): void;
}

const LAST_WORDS = 10;

export class ServeProcess {
  readonly events: ServeEvent[] = [];
  readonly #child: ChildProcess;
  readonly #errors: string[] = [];
  readonly #ended: Promise<void>;
  #waiting: Waiting[] = [];
  #isOver = false;

  /** `folder` is where it is started: rules are named, and told of, as they are seen from there. */
  constructor(args: readonly string[], folder: string, onEvent: (event: ServeEvent) => void) {
    const program = path.join(packageRoot().directory, "dist", "sluice.js");
    this.#child = spawn(process.execPath, [program, "serve", ...args, "--format", "json"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const kill = () => this.#child.kill("SIGKILL");
    process.once("exit", kill);
    createInterface({ input: this.#child.stderr! }).on("line", (line) => {
      this.#errors.push(line);
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      const event = JSON.parse(line) as ServeEvent;
      this.events.push(event);
      onEvent(event);
      const found = this.#waiting.filter(({ isIt }) => isIt(event));
      this.#waiting = this.#waiting.filter((one) => !found.includes(one));
      for (const { resolve } of found) {
        resolve(event);
      }
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once("close", () => {
        this.#isOver = true;
        process.off("exit", kill);
        const words = this.#errors.slice(-LAST_WORDS);
        for (const { reject } of this.#waiting) {
          reject(new EnvironmentError("sluice serve ended", words));
        }
        resolve();
      });
    });
  }

  /** The next event of its kind. Rejects after `withinMs`, or when the server ends. */
  async next(isIt: (event: ServeEvent) => boolean, withinMs: number, what: string): Promise<ServeEvent> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<ServeEvent>((resolve, reject) => {
        const giveUp = (words: string, details: readonly string[] = []) =>
          reject(new EnvironmentError(words, details));
        if (this.#isOver) {
          giveUp("sluice serve ended", this.#errors.slice(-LAST_WORDS));
          return;
        }
        timer = setTimeout(() => giveUp(`no ${what} within ${withinMs / 1000} s`), withinMs);
        this.#waiting.push({ isIt, resolve, reject });
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#ended;
  }
}
