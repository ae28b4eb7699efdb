/** A `sluice serve --format json` that goes on until it is killed. */

import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { launch } from "../harness/sluice.ts";

export interface ServeEvent {
  readonly event: string;
  readonly message?: string;
}

/** On the busiest machine. */
const TIMEOUT_MS = 120_000;

export class ServedFleet {
  readonly events: ServeEvent[] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  #errors = "";
  #hasClosed = false;
  #onNews: () => void = () => {};

  constructor(args: readonly string[], cwd: string) {
    this.#child = launch(["serve", ...args], cwd);
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      this.events.push(JSON.parse(line) as ServeEvent);
      this.#onNews();
    });
    this.#closed = new Promise((resolve) => {
      this.#child.on("close", () => {
        this.#hasClosed = true;
        resolve();
        this.#onNews();
      });
    });
  }

  /** The first event of that name. */
  async event(name: string): Promise<ServeEvent> {
    const deadline = Date.now() + TIMEOUT_MS;
    for (;;) {
      const found = this.events.find(({ event }) => event === name);
      if (found !== undefined) {
        return found;
      }
      // What it said last may be read after it has ended.
      if (this.#hasClosed || Date.now() > deadline) {
        throw new Error(`no event "${name}": ${JSON.stringify(this.events)}\n${this.#errors}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#onNews = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** As by `kill -9`. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#closed;
  }
}
