/** The pauses between tries at something that may come right by itself: longer each time, up to a bound. */

const FIRST_MS = 2_000;
const LONGEST_MS = 30_000;

export class RetryPause {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #nextMs: number;

  constructor(firstMs = FIRST_MS, longestMs = LONGEST_MS) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#nextMs = firstMs;
  }

  /** How long to wait before the next try. */
  next(): number {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(ms * 2, this.#longestMs);
    return ms;
  }

  /** It has come right, or something else is tried. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
