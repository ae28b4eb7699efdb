/** The last minute of every rule, for the lines beside it. A rule that stands still takes no room and no time. */

import type { LiveState } from "./live-state.ts";

/** As many reports as a line shows. */
export const STEPS = 60;

export class RateHistory {
  #step = -1;
  readonly #rings = new Map<string, { readonly rates: Float32Array; last: number }>();

  push({ rules }: LiveState): void {
    this.#step++;
    for (const [key, { taken }] of rules) {
      if (taken.perSecond > 0) {
        this.#ringOf(key).rates[this.#step % STEPS] = taken.perSecond;
      }
    }
  }

  clear(): void {
    this.#step = -1;
    this.#rings.clear();
  }

  /** The rates of the last reports, the oldest first; as many as there were, at most `STEPS`. */
  of(key: string): readonly number[] {
    const count = Math.min(this.#step + 1, STEPS);
    const ring = this.#rings.get(key);
    return Array.from({ length: count }, (_, index) => {
      const step = this.#step - (count - 1 - index);
      return ring !== undefined && step <= ring.last ? ring.rates[step % STEPS]! : 0;
    });
  }

  #ringOf(key: string): { readonly rates: Float32Array } {
    const ring = this.#rings.get(key);
    if (ring === undefined) {
      const made = { rates: new Float32Array(STEPS), last: this.#step };
      this.#rings.set(key, made);
      return made;
    }
    // What was skipped while it stood still is zero.
    for (let step = Math.max(ring.last + 1, this.#step - STEPS + 1); step < this.#step; step++) {
      ring.rates[step % STEPS] = 0;
    }
    ring.last = this.#step;
    return ring;
  }
}
