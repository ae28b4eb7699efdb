/**
 * What each proxy answered lately by the revision that it has. A fleet of one proxy has no others to be compared with, so a roll-out
 * compares it with that. It must be recent, since upstreams have good days and bad ones: it is kept in two windows, and so is one to
 * two windows old. Time is handed in.
 */

import type { Responses } from "./state.ts";
import { plus } from "./tally.ts";

const WINDOW_MS = 300_000;

export class RecentResponses {
  #since = Number.NEGATIVE_INFINITY;
  #newer = new Map<string, Responses>();
  #older = new Map<string, Responses>();
  /** Proxies whose next report is also about what they had before. */
  readonly #changed = new Set<string>();

  /** From now on the proxy answers by another revision. */
  changed(proxy: string): void {
    this.#newer.delete(proxy);
    this.#older.delete(proxy);
    this.#changed.add(proxy);
  }

  /** Since its last report. */
  answered(proxy: string, counts: Responses, now: number): void {
    this.#turn(now);
    if (!this.#changed.delete(proxy)) {
      const known = this.#newer.get(proxy);
      this.#newer.set(proxy, known === undefined ? counts : plus(known, counts));
    }
  }

  /** `undefined` where nothing is known. */
  of(proxy: string, now: number): Responses | undefined {
    this.#turn(now);
    const [older, newer] = [this.#older.get(proxy), this.#newer.get(proxy)];
    return older === undefined || newer === undefined ? (newer ?? older) : plus(older, newer);
  }

  #turn(now: number): void {
    if (now < this.#since + WINDOW_MS) {
      return;
    }
    this.#older = now < this.#since + 2 * WINDOW_MS ? this.#newer : new Map();
    this.#newer = new Map();
    // Names of proxies come and go; one that has not reported since has had no request.
    this.#changed.clear();
    this.#since = now;
  }
}
