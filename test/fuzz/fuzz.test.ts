/** A few hundred of the inputs that `npm run fuzz` tries without end, another part of them for each seed. */

import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { thoroughly } from "../harness/thorough.ts";
import type { Corpus } from "./corpus.ts";
import { readCorpus } from "./corpus.ts";
import { type Outcome, Round } from "./round.ts";
import type { Subject } from "./subject.ts";
import { SUBJECTS } from "./subjects/index.ts";

const SEED = Number(process.env.SLUICE_SEED ?? 1);
/** Of CPU time for one input. */
const LIMIT_MS = 20_000;
/** By the share of a subject: of `check` two hundred. */
const INPUTS_PER_SHARE = thoroughly(4);

let folder: string;
let corpus: Corpus;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-fuzz-"));
  corpus = readCorpus();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function tried(subject: Subject, inputs: number): Promise<Outcome[]> {
  const round = new Round(SEED, [subject], { corpus, folder });
  const outcomes: Outcome[] = [];
  for (let index = 0; index < inputs; index++) {
    outcomes.push(await round.run(index, LIMIT_MS));
  }
  return outcomes;
}

describe.each(SUBJECTS)("$name", (subject) => {
  const inputs = Math.max(1, Math.ceil(subject.share * INPUTS_PER_SHARE));

  test(`bears ${inputs} hostile inputs`, { timeout: 600_000 }, async () => {
    const outcomes = await tried(subject, inputs);
    const failures = outcomes.flatMap(({ failure, input }, index) =>
      failure === undefined ? [] : [{ index, failure, input }],
    );
    expect(failures.slice(0, 3)).toEqual([]);
    // Were all of them refused at the door, nothing behind it would have been tried.
    expect(outcomes.filter(({ good }) => good).length).toBeGreaterThan(inputs / 50);
  });
});

test("notes what throws and what takes too long, with its input", async () => {
  const subject: Subject = {
    name: "broken",
    share: 1,
    prepare: () => (dice) => {
      const throws = dice.chance(0.5);
      return {
        input: { "input.txt": String(throws) },
        run() {
          if (throws) {
            throw new Error("a bug");
          }
          const start = process.cpuUsage();
          while (process.cpuUsage(start).user < 30_000) {}
          return true;
        },
      };
    },
  };
  const round = new Round(SEED, [subject], { corpus, folder });
  for (let index = 0; index < 10; index++) {
    const { failure, input } = await round.run(index, 10);
    expect(failure).toMatch(input["input.txt"] === "true" ? /a bug/ : /it took \d+ ms/);
  }
});

test("makes the same input from the same seed and number, and others from others", async () => {
  const inputs = async (seed: number) => {
    const round = new Round(seed, SUBJECTS.slice(0, 1), { corpus, folder });
    return (await Promise.all([3, 4].map((index) => round.run(index, LIMIT_MS)))).map(({ input }) => input);
  };
  expect(await inputs(7)).toEqual(await inputs(7));
  const all = [...(await inputs(7)), ...(await inputs(8))].map((input) => JSON.stringify(input));
  expect(new Set(all).size).toBe(4);
});
