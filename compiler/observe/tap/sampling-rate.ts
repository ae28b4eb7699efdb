/**
 * How many percent of requests are sampled: as many as somebody asked for, and fewer where that would be more than so many a
 * second. Knows no clock and no Envoy: the time is handed in, and whoever holds it tells Envoy what has changed.
 */

/** Of what is allowed, where it is lowered: the next burst is not dropped. */
const ROOM = 0.9;
/** Below this part of what is allowed there is room for more. */
const IDLE = 0.6;
/** At most so many times as much at once: how much traffic there is, is known only from what is sampled. */
const GROWTH = 2;
/** One in a million: as few as Envoy can. */
const LEAST_PERCENT = 0.0001;
const SECOND_MS = 1_000;
/** Samples come in batches: in less than this a rate cannot be told. */
const SOONEST_MS = 400;
/** What comes so soon after a change was sampled before it. */
const LATE_MS = 250;

export interface Sampling {
  /** 0 to 100. */
  readonly percent: number;
  readonly mostPerSecond: number;
}

export const NO_SAMPLING: Sampling = { percent: 0, mostPerSecond: 0 };

export class SamplingRate {
  #wanted = NO_SAMPLING;
  #percent = 0;
  /** What was let through in the second that goes on. */
  readonly #second = { start: 0, count: 0 };
  /** What came since the percentage is as it is. */
  readonly #measured = { start: 0, count: 0 };

  /** What Envoy is to have. */
  get percent(): number {
    return this.#percent;
  }

  /** Somebody wants something else from now on. */
  want(wanted: Sampling, now: number): void {
    const isMore = wanted.percent > this.#wanted.percent || wanted.mostPerSecond > this.#wanted.mostPerSecond;
    this.#wanted = wanted;
    this.#change(isMore ? wanted.percent : Math.min(this.#percent, wanted.percent), now);
  }

  /** So many more have come. Gives how many of them are within what is allowed; the others are to be dropped. */
  take(count: number, now: number): number {
    const second = this.#second;
    if (now - second.start >= SECOND_MS) {
      second.start = now;
      second.count = 0;
    }
    const allowed = Math.min(count, Math.max(0, this.#wanted.mostPerSecond - second.count));
    second.count += allowed;
    if (now >= this.#measured.start) {
      this.#measured.count += count;
    }
    this.#lower(now);
    return allowed;
  }

  /** Time has passed: what was lowered is raised again where there is room. */
  pass(now: number): void {
    if (now - this.#measured.start < SECOND_MS) {
      return;
    }
    const { percent, mostPerSecond } = this.#wanted;
    const perSecond = this.#perSecond(now);
    if (this.#percent < percent && perSecond < mostPerSecond * IDLE) {
      this.#change(Math.min(this.#fitting(perSecond), this.#percent * GROWTH), now);
    } else {
      this.#measured.start = now;
      this.#measured.count = 0;
    }
  }

  #lower(now: number): void {
    if (now - this.#measured.start < SOONEST_MS) {
      return;
    }
    const perSecond = this.#perSecond(now);
    if (perSecond > this.#wanted.mostPerSecond) {
      this.#change(Math.min(this.#fitting(perSecond), this.#percent), now);
    }
  }

  #perSecond(now: number): number {
    return (this.#measured.count * SECOND_MS) / (now - this.#measured.start);
  }

  /** The percentage that gives as many as are allowed, if the present one gives so many. */
  #fitting(perSecond: number): number {
    const { percent, mostPerSecond } = this.#wanted;
    if (percent === 0) {
      return 0;
    }
    const fitting = perSecond === 0 ? percent : (this.#percent * mostPerSecond * ROOM) / perSecond;
    return Math.max(LEAST_PERCENT, Math.min(percent, fitting));
  }

  #change(percent: number, now: number): void {
    this.#percent = percent;
    this.#measured.start = now + LATE_MS;
    this.#measured.count = 0;
  }
}
