/** One input after another, each made from the seed and its number alone, so that any can be made again by itself. */

import { Dice } from "./dice.ts";
import type { Subject, Trial, World } from "./subject.ts";

export interface Outcome {
  readonly subject: string;
  readonly input: Trial["input"];
  readonly good: boolean;
  readonly cpuMs: number;
  /** What went wrong, with its stack. */
  readonly failure?: string;
}

export class Round {
  readonly #seed: number;
  readonly #subjects: readonly { readonly subject: Subject; readonly make: (dice: Dice) => Trial }[];

  constructor(seed: number, subjects: readonly Subject[], world: World) {
    this.#seed = seed;
    this.#subjects = subjects.map((subject) => ({ subject, make: subject.prepare(world) }));
  }

  /** `limitMs`: of CPU time; what takes longer has failed. */
  async run(index: number, limitMs: number): Promise<Outcome> {
    const dice = new Dice(this.#seed, index);
    const { subject, make } = this.#chosen(dice);
    const trial = make(dice);
    const before = process.cpuUsage();
    let good = false;
    let failure: string | undefined;
    try {
      good = await trial.run();
    } catch (error) {
      failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1000;
    if (cpuMs > limitMs) {
      failure ??= `it took ${Math.round(cpuMs)} ms`;
    }
    return {
      subject: subject.name,
      input: trial.input,
      good,
      cpuMs,
      ...(failure !== undefined && { failure }),
    };
  }

  #chosen(dice: Dice) {
    let left = dice.next() * this.#subjects.reduce((sum, { subject }) => sum + subject.share, 0);
    for (const candidate of this.#subjects) {
      left -= candidate.subject.share;
      if (left < 0) {
        return candidate;
      }
    }
    return this.#subjects[0]!;
  }
}
