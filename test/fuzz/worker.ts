/** The thread that tries inputs. The other one watches it, since a thread that hangs cannot say so. */

import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { readCorpus } from "./corpus.ts";
import type { FuzzOptions } from "./options.ts";
import { type Outcome, Round } from "./round.ts";
import { SUBJECTS } from "./subjects/index.ts";

export interface WorkerData {
  readonly options: FuzzOptions;
  readonly from: number;
  /** Number of the input that is being tried. */
  readonly current: SharedArrayBuffer;
  readonly folder: string;
}

/** What was tried since the last message, or a finding. */
export type WorkerMessage =
  | { readonly kind: "tried"; readonly counts: Readonly<Record<string, Tally>> }
  | { readonly kind: "finding"; readonly index: number; readonly outcome: Outcome };

export interface Tally {
  tried: number;
  /** Tried for the first time in this run. */
  different: number;
  good: number;
  slowestMs: number;
  slowest: number;
}

const MESSAGE_EVERY = 200;

export async function work(): Promise<void> {
  const { options, from, current, folder } = workerData as WorkerData;
  const subjects = SUBJECTS.filter(({ name }) => options.only.includes(name));
  const round = new Round(options.seed, subjects, { corpus: readCorpus(options.corpus), folder });
  const at = new Int32Array(current);
  const post = (message: WorkerMessage) => parentPort!.postMessage(message);
  let counts: Record<string, Tally> = {};
  const seen = new Set<string>();
  const end = options.from + options.count;
  for (let index = from; index < end; index++) {
    Atomics.store(at, 0, index);
    const outcome = await round.run(index, options.limitMs);
    counts[outcome.subject] ??= { tried: 0, different: 0, good: 0, slowestMs: 0, slowest: 0 };
    const tally = counts[outcome.subject]!;
    tally.tried += 1;
    const digest = digestOf(outcome);
    if (!seen.has(digest)) {
      tally.different += 1;
    }
    seen.add(digest);
    tally.good += Number(outcome.good);
    if (outcome.cpuMs > tally.slowestMs) {
      tally.slowestMs = outcome.cpuMs;
      tally.slowest = index;
    }
    if (outcome.failure !== undefined) {
      post({ kind: "finding", index, outcome });
    }
    if ((index + 1) % MESSAGE_EVERY === 0 || index + 1 === end) {
      post({ kind: "tried", counts });
      counts = {};
    }
  }
}

function digestOf({ subject, input }: Outcome): string {
  const hash = createHash("sha1").update(subject);
  for (const [name, content] of Object.entries(input)) {
    hash.update(`\0${name}\0`).update(content);
  }
  return hash.digest("base64").slice(0, 12);
}
