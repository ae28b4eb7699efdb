/**
 * `npm run fuzz`: hostile input for all parts of the command line, in one process. A second thread tries the inputs; this
 * one watches that none takes for ever or all memory, notes what is found, and starts a new thread behind it.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker } from "node:worker_threads";
import { type FuzzOptions, readOptions } from "./options.ts";
import { type Tally, type WorkerData, type WorkerMessage, work } from "./worker.ts";

const WATCH_EVERY_MS = 500;
const REPORT_EVERY_MS = 60_000;
/** Before the first input. */
const NONE = -1;
/** Beyond the limit of one input, for what makes it and what frees its memory. */
const GRACE = 3;

class Watch {
  readonly #options: FuzzOptions;
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), "sluice-fuzz-"));
  readonly #at = new Int32Array(new SharedArrayBuffer(4));
  readonly #tallies = new Map<string, Tally>();
  readonly #start = performance.now();
  #findings = 0;

  constructor(options: FuzzOptions) {
    this.#options = options;
  }

  async run(): Promise<number> {
    const { from, count } = this.#options;
    const reports = setInterval(() => console.log(this.#line()), REPORT_EVERY_MS);
    try {
      for (let next = from; next < from + count; ) {
        next = await this.#thread(next);
      }
    } finally {
      clearInterval(reports);
      rmSync(this.#folder, { recursive: true, force: true });
    }
    this.#summary();
    return this.#findings > 0 ? 1 : 0;
  }

  /** Runs a thread from an input on, and gives the number of the next one to be tried. */
  #thread(from: number): Promise<number> {
    const data: WorkerData = {
      options: this.#options,
      from,
      current: this.#at.buffer as SharedArrayBuffer,
      folder: this.#folder,
    };
    Atomics.store(this.#at, 0, NONE);
    const worker = new Worker(fileURLToPath(import.meta.url), {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: 2048 },
    });
    return new Promise((resolve, reject) => {
      let failure: string | undefined;
      const stopWatching = this.#watch((why) => {
        failure = why;
        void worker.terminate();
      });
      worker.on("message", (message: WorkerMessage) => this.#note(message));
      worker.on("error", (error) => {
        failure = error.stack ?? String(error);
      });
      worker.on("exit", () => {
        stopWatching();
        const index = Atomics.load(this.#at, 0);
        if (index === NONE) {
          return reject(new Error(`no input was tried: ${failure}`));
        }
        if (failure !== undefined) {
          this.#write(index, "?", failure, {});
        }
        resolve(failure === undefined ? this.#options.from + this.#options.count : index + 1);
      });
    });
  }

  /** By CPU time: on a busy machine a clock would blame the input for its neighbours. */
  #watch(hangs: (why: string) => void): () => void {
    let index = -1;
    let since = process.cpuUsage();
    const timer = setInterval(() => {
      const now = Atomics.load(this.#at, 0);
      if (now !== index) {
        index = now;
        since = process.cpuUsage();
        return;
      }
      const { user, system } = process.cpuUsage(since);
      const ms = (user + system) / 1000;
      if (ms > this.#options.limitMs * GRACE) {
        hangs(`no result after ${Math.round(ms)} ms of CPU time`);
      }
    }, WATCH_EVERY_MS);
    return () => clearInterval(timer);
  }

  #note(message: WorkerMessage): void {
    if (message.kind === "finding") {
      const { subject, failure = "", input } = message.outcome;
      this.#write(message.index, subject, failure, input);
      return;
    }
    for (const [name, { tried, different, good, slowestMs, slowest }] of Object.entries(message.counts)) {
      const known = this.#tallies.get(name) ?? { tried: 0, different: 0, good: 0, slowestMs: 0, slowest: 0 };
      known.tried += tried;
      known.different += different;
      known.good += good;
      if (slowestMs > known.slowestMs) {
        Object.assign(known, { slowestMs, slowest });
      }
      this.#tallies.set(name, known);
    }
  }

  #write(
    index: number,
    subject: string,
    failure: string,
    input: Readonly<Record<string, string | Uint8Array>>,
  ): void {
    this.#findings += 1;
    const { seed, findings, only, corpus } = this.#options;
    const folder = path.join(findings, `${seed}-${index}`);
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of Object.entries(input)) {
      writeFileSync(path.join(folder, name), content);
    }
    const again = `npm run fuzz -- --seed ${seed} --from ${index} --count 1 --only "${only.join()}"${corpus === undefined ? "" : ` --corpus ${corpus}`}`;
    writeFileSync(path.join(folder, "finding.txt"), `${subject}\n${again}\n\n${failure}\n`);
    console.log(
      `finding ${index} (${subject}): ${failure.split("\n").slice(0, 3).join("\n  ")}\n  ${folder}`,
    );
  }

  #line(): string {
    const tried = [...this.#tallies.values()].reduce((sum, tally) => sum + tally.tried, 0);
    const seconds = (performance.now() - this.#start) / 1000;
    const memory = Math.round(process.memoryUsage.rss() / 2 ** 20);
    return `${tried} inputs, ${Math.round(tried / seconds)} a second, ${this.#findings} findings, ${memory} MiB`;
  }

  #summary(): void {
    console.log(this.#line());
    for (const [name, { tried, different, good, slowestMs, slowest }] of this.#tallies) {
      console.log(
        `  ${name.padEnd(13)} ${String(tried).padStart(8)} inputs, ${String(different).padStart(8)} different, ${String(good).padStart(8)} valid, slowest ${Math.round(slowestMs)} ms of CPU (${slowest})`,
      );
    }
  }
}

if (isMainThread) {
  process.exitCode = await new Watch(readOptions(process.argv.slice(2))).run();
} else {
  await work();
}
