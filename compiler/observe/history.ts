/** The last hour of a counter in steps of five seconds, in memory that does not grow. */

export const STEP_MS = 5_000;
const STEPS = 720;

export class History {
  readonly #steps = new Float32Array(STEPS);
  /** The step that was written last, counted from 1970. */
  #last: number;

  /** Nothing was counted before. */
  constructor(at: number) {
    this.#last = stepOf(at);
  }

  /** What was counted from one moment to another: spread evenly, since nobody knows more. */
  add(count: number, from: number, to: number): void {
    this.#forwardTo(stepOf(to));
    const first = Math.max(stepOf(from), this.#last - STEPS + 1);
    const perMs = to > from ? count / (to - from) : 0;
    for (let step = first; step <= this.#last; step++) {
      const ms = Math.min(to, (step + 1) * STEP_MS) - Math.max(from, step * STEP_MS);
      this.#steps[step % STEPS]! += to > from ? perMs * ms : count;
    }
  }

  /** The oldest step first, up to the one of `at`, which is not over yet. */
  upTo(at: number): readonly number[] {
    this.#forwardTo(stepOf(at));
    const next = (this.#last + 1) % STEPS;
    return [...this.#steps.subarray(next), ...this.#steps.subarray(0, next)];
  }

  #forwardTo(step: number): void {
    if (step - this.#last >= STEPS) {
      this.#steps.fill(0);
      this.#last = step;
    }
    while (this.#last < step) {
      this.#steps[++this.#last % STEPS] = 0;
    }
  }
}

function stepOf(at: number): number {
  return Math.floor(at / STEP_MS);
}
