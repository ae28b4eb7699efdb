/**
 * A program that runs until it is stopped, or until the tests are gone, however they went: its last words are kept for whoever has
 * to say why it ended.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { watchOver } from "../../../compiler/run/envoy/watchdog.ts";

const LINES_KEPT = 40;
/** An API server that is asked to end would wait a minute for watches to end by themselves. */
const GRACE_MS = 4_000;

export class Program {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #words: string[] = [];

  /** `folder`: where it runs; it goes with the tests, too. */
  constructor(command: string, args: readonly string[], folder: string) {
    this.#name = command;
    this.#child = spawn(command, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#words = [...this.#words, ...text.split("\n")].slice(-LINES_KEPT);
    });
    const watchdog = this.#child.pid === undefined ? undefined : watchOver(this.#child.pid, [folder]);
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#words.push(error.message);
        resolve();
      });
      this.#child.once("close", () => {
        watchdog?.dismiss();
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Asks `isReady` until it says so; throws with what the program said when it ends before, or after so long. */
  async ready(isReady: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let hasEnded = false;
    void this.#ended.then(() => {
      hasEnded = true;
    });
    while (!(await isReady().catch(() => false))) {
      if (hasEnded || Date.now() > deadline) {
        await this.stop("SIGKILL");
        const why = hasEnded ? "has ended" : `is not ready after ${timeoutMs / 1000} s`;
        throw new Error(`${this.#name} ${why}\n${this.#words.join("\n")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Leaves it as it is, without time to run, until `goOn`. */
  halt(): void {
    this.#child.kill("SIGSTOP");
  }

  goOn(): void {
    this.#child.kill("SIGCONT");
  }

  /** Asks it to end, unless it is to be killed; who takes longer than the grace is killed, too. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), GRACE_MS);
    await this.#ended;
    clearTimeout(timer);
  }
}
