/**
 * How often a server may write to the API server: a bucket that fills at a steady rate, as Kubernetes' own clients have it. Time is
 * handed in, in milliseconds of a clock that only goes forward.
 */

export class WriteBudget {
  readonly #perSecond: number;
  readonly #most: number;
  #left: number;
  #at: number | undefined;

  /** `most`: how many at once after a while without any. */
  constructor(perSecond: number, most: number) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#left = most;
  }

  /** Takes one, and gives how long to wait before it is used. */
  take(now: number): number {
    const passed = this.#at === undefined ? 0 : Math.max(0, now - this.#at);
    this.#left = Math.min(this.#most, this.#left + (passed / 1_000) * this.#perSecond) - 1;
    this.#at = Math.max(now, this.#at ?? now);
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left / this.#perSecond) * 1_000);
  }
}
