/** Lets endpoints go when it is time that were held back (`guard.ts`), in all revisions that some proxy may have. */

import type { HeldEndpoints } from "./guard.ts";

/** Something that holds endpoints back; `next`: when to ask again, by the same clock as `now`. */
export interface Guarded {
  pass(now: number): { readonly held: readonly HeldEndpoints[]; readonly next?: number };
}

export interface GuardClockOptions {
  /** Those that are asked. */
  readonly guarded: () => readonly Guarded[];
  readonly onHeld: (held: HeldEndpoints, forMs: number) => void;
  /** Some that were held back are let go. */
  readonly onPassed: () => void;
}

export class GuardClock {
  readonly #options: GuardClockOptions;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: GuardClockOptions) {
    this.#options = options;
  }

  /** Endpoints, or who has them, have changed. */
  pass(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const guarded of this.#options.guarded()) {
      const passed = guarded.pass(now);
      next = Math.min(next, passed.next ?? next);
      for (const held of passed.held) {
        this.#options.onHeld(held, Math.round(held.until - now));
      }
    }
    if (Number.isFinite(next) && !this.#isClosed) {
      this.#timer = setTimeout(
        () => {
          this.pass();
          this.#options.onPassed();
        },
        Math.max(next - now, 1),
      );
      this.#timer.unref();
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }
}
