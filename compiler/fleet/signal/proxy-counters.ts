/**
 * The counters of one proxy, from report to report: how much each has counted since the last one. Pure; nothing is known here of what is
 * counted. A report has all counters of its process since that began, so one that is lost is made good by the next.
 *
 * - A process that began later than the one before has counted all that it reports: nothing of it was reported before.
 * - One that began earlier has been replaced; what it still says is of no account, or two with one id would count everything again and again.
 * - A report that is a little older than the last one was overtaken on its way.
 * - A counter that is not there any more, or has fallen, has been removed with what it was of; one of that name begins anew.
 */

/** When a process began is told to a second, and the clock is read twice. */
const SAME_PROCESS_MS = 2_000;
/** No report is so long on its way: somebody has set the clock. */
const CLOCK_SET_MS = 60_000;

/** A moment of a process. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** When the process began; absent: it does not say. */
  readonly startedAt?: number;
}

export class ProxyCounters<Key> {
  readonly #countsFirst: boolean;
  /** Of the last report. */
  readonly #values = new Map<Key, number>();
  #last: Moment | undefined;

  /** `countsFirst`: what the first report has is new, too. Of every later process all is new. */
  constructor({ countsFirst }: { readonly countsFirst: boolean }) {
    this.#countsFirst = countsFirst;
  }

  /** Nothing was reported so far. */
  get isNew(): boolean {
    return this.#last === undefined;
  }

  /** Takes a report up, and tells of each counter that has counted since the one before how much that was. */
  take(
    moment: Moment,
    values: readonly (readonly [key: Key, value: number])[],
    onCounted: (key: Key, count: number) => void,
  ): void {
    const last = this.#last;
    if (last !== undefined && !isAfter(last, moment)) {
      return;
    }
    if (last !== undefined && !isSameProcess(last.startedAt, moment.startedAt)) {
      this.#values.clear();
    }
    this.#last = moment;
    const tells = last !== undefined || this.#countsFirst;
    let taken = 0;
    for (const [key, value] of values) {
      const before = this.#values.get(key);
      taken += 1;
      if (value !== before) {
        this.#values.set(key, value);
        const count = before === undefined || value < before ? value : value - before;
        if (count > 0 && tells) {
          onCounted(key, count);
        }
      }
    }
    if (taken < this.#values.size) {
      const there = new Set(values.map(([key]) => key));
      for (const key of this.#values.keys()) {
        if (!there.has(key)) {
          this.#values.delete(key);
        }
      }
    }
  }
}

function isAfter(last: Moment, next: Moment): boolean {
  return isSameProcess(last.startedAt, next.startedAt)
    ? next.at > last.at || next.at < last.at - CLOCK_SET_MS
    : next.startedAt! > last.startedAt!;
}

/** By when they began; of one that does not say, nothing else is known. */
function isSameProcess(a: number | undefined, b: number | undefined): boolean {
  return a === undefined || b === undefined || Math.abs(a - b) <= SAME_PROCESS_MS;
}
