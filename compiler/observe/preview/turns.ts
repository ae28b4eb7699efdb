/** Lets others have their turn while something takes long, and ends it when it is not wanted any more. */

import { setImmediate as nextTurn } from "node:timers/promises";

/** Milliseconds at a stretch: requests are served meanwhile. */
const STRETCH_MS = 8;

export class Turns {
  readonly #signal: AbortSignal;
  #since = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Throws the signal's reason once it is aborted. */
  async next(): Promise<void> {
    if (performance.now() - this.#since > STRETCH_MS) {
      await this.now();
    }
  }

  async now(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
    this.#signal.throwIfAborted();
  }
}
