/** Pauses between tries at an API server: longer each time, and never the same for two that fail at once. */

const FIRST_MS = 200;
const LONGEST_MS = 15_000;
/** Of what an administrator has to mend. */
const LONGEST_PROLONGED_MS = 60_000;

export class Backoff {
  readonly #random: () => number;
  #ms = FIRST_MS;
  #longest = LONGEST_MS;

  /** `random` gives numbers from 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** How long to wait before the next try; at least as long as the server asks. */
  next(atLeastMs = 0): number {
    const ms = this.#ms;
    this.#ms = Math.min(ms * 2, this.#longest);
    return Math.max(1, Math.floor(atLeastMs + ms * (0.5 + this.#random())));
  }

  /** From now on the pauses may grow to a minute. */
  prolong(): void {
    this.#longest = LONGEST_PROLONGED_MS;
  }

  reset(): void {
    this.#ms = FIRST_MS;
    this.#longest = LONGEST_MS;
  }
}
