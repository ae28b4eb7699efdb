/**
 * A time limit beside the signal of whoever asks: a signal that aborts when one of them does. `AbortSignal.any` would do, but on
 * Node 20 it leaves a kilobyte with the asker's signal for each question, and a watch asks for as long as a server runs.
 */

export class TimeLimit {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #onAbort: () => void;
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  /** `reason` is what the signal aborts with when the time is over. */
  constructor(ms: number, outer: AbortSignal | undefined, reason: () => Error) {
    this.#outer = outer;
    this.#onAbort = () => this.#controller.abort(outer?.reason);
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#controller.abort(reason());
    }, ms);
    if (outer?.aborted) {
      this.#onAbort();
    }
    outer?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it was the time that ended it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The time begins anew. */
  refresh(): void {
    this.#timer.refresh();
  }

  /** From now on only the asker's signal counts. */
  lift(): void {
    clearTimeout(this.#timer);
  }

  /** Neither counts any more. */
  end(): void {
    this.lift();
    this.#outer?.removeEventListener("abort", this.#onAbort);
  }
}
