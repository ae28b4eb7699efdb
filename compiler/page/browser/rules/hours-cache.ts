/** The last hour of rules that are unfolded, asked for when one comes into sight and again each minute. */

import { signal } from "@preact/signals";
import type { HistoryView } from "../../api.ts";
import type { RuleGroup } from "./rule-group.ts";

const FRESH_MS = 60_000;
/** Matches of one rule that are asked for; of more, the hour would be many questions. */
const MATCHES = 8;
/** Points of a line: more would not be seen. */
const POINTS = 120;

export interface Hour {
  /** Requests a second, the oldest first. */
  readonly rates: readonly number[];
}

type Ask = (rule: string, match: string | undefined) => Promise<HistoryView>;

export class HoursCache {
  /** One more whenever an hour came. */
  readonly came = signal(0);
  readonly #ask: Ask;
  readonly #hours = new Map<string, { hour?: Hour; askedAt: number }>();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** What was known last; `undefined` until it has come. `now` is the server's time. */
  of(group: RuleGroup, now: number): Hour | undefined {
    const known = this.#hours.get(group.id);
    if (known === undefined || now - known.askedAt >= FRESH_MS) {
      const entry = { ...known, askedAt: now };
      this.#hours.set(group.id, entry);
      void this.#fetch(group, entry);
    }
    return known?.hour;
  }

  async #fetch({ matches }: RuleGroup, entry: { hour?: Hour }): Promise<void> {
    try {
      const views = await Promise.all(matches.slice(0, MATCHES).map(({ id, match }) => this.#ask(id, match)));
      entry.hour = hourOf(views);
      this.came.value++;
    } catch {
      // It is asked for again in a minute; the rates beside it are there all the same.
    }
  }
}

/** All matches together, in as many points as can be seen. */
export function hourOf(views: readonly Pick<HistoryView, "stepMs" | "requests">[]): Hour {
  const { stepMs, requests } = views[0]!;
  const sums = requests.map((_, step) => views.reduce((sum, view) => sum + (view.requests[step] ?? 0), 0));
  const together = Math.max(1, Math.ceil(sums.length / POINTS));
  const rates = [];
  for (let from = 0; from < sums.length; from += together) {
    const part = sums.slice(from, from + together);
    rates.push((part.reduce((sum, count) => sum + count, 0) * 1000) / (part.length * stepMs));
  }
  return { rates };
}
