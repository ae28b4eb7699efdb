/**
 * From readings to what is told of them: rates, shares, when a rule was hit last, its last hour. Pure: time comes with the
 * readings, which may be of an Envoy that has started anew meanwhile.
 */

import { History, STEP_MS } from "./history.ts";
import { latencyBetween } from "./latency.ts";
import type {
  LiveCluster,
  LiveDestination,
  LiveListener,
  LiveReport,
  LiveRule,
  Rate,
} from "./live-report.ts";
import {
  type Answers,
  type ClusterTotals,
  type Reading,
  type RuleTotals,
  STATUS_CLASSES,
} from "./reading.ts";
import { shareOf } from "./share.ts";
import { type Split, type Splits, splitText } from "./splits.ts";

/** Rates are over so many milliseconds: several of the filter's own, which tells what it counted once a second. */
export const WINDOW_MS = 5_000;
/** After so long without a reading nobody wants the rate of the time in between. */
const LONGEST_WINDOW_MS = 30_000;
/** From when new weights serve until everything that was decided by the old ones is counted. */
const SETTLE_MS = 2_500;
/** Rules whose last hour is kept: 2.9 kB each. */
const MOST_HISTORIES = 10_000;

/** What is kept of a rule from one reading to the next. */
interface Kept {
  lastHit?: number;
  history?: History;
  /** What it had forwarded when its weights began to serve. */
  base?: ReadonlyMap<string, number>;
  /** Of the split that `base` is of. */
  baseSince?: number;
}

/** A split, and since when it serves: milliseconds since 1970, 0 for longer than Envoy has counted. */
interface Served {
  readonly split: Split;
  readonly text: string;
  readonly since: number;
}

export class Ledger {
  /** The oldest one first: those of the window. */
  #readings: Reading[] = [];
  readonly #kept = new Map<string, Kept>();
  #splits: ReadonlyMap<string, Served> = new Map();
  #listeners: ReadonlySet<string> | undefined;
  #histories = 0;

  /**
   * What rules are to split, from some moment on: milliseconds since 1970, or 0 where they have never been otherwise. `listeners` are
   * told of also before they count anything by rule.
   */
  serve(splits: Splits, since: number, listeners?: ReadonlySet<string>): void {
    this.#listeners = listeners;
    this.#splits = new Map(
      [...splits].map(([key, split]) => {
        const text = splitText(split);
        const before = this.#splits.get(key);
        return [key, before?.text === text ? before : { split, text, since }];
      }),
    );
  }

  take(reading: Reading): LiveReport {
    const last = this.#readings.at(-1);
    const restarted = last !== undefined && hasRestarted(last, reading);
    if (restarted) {
      this.#startAnew(last);
    }
    const { at } = reading;
    if (last !== undefined && at - last.at > LONGEST_WINDOW_MS) {
      this.#readings = [];
    }
    while (this.#readings.length > 1 && at - this.#readings[1]!.at >= WINDOW_MS) {
      this.#readings.shift();
    }
    const [start = reading] = this.#readings;
    const previous = restarted ? start : last;
    this.#readings.push(reading);
    const window = new Window(start, reading);
    const rules = [...reading.rules].map(([key, totals]) => this.#rule(key, totals, window, previous));
    return {
      at,
      windowMs: window.ms,
      listeners: countedListeners(reading, rules, window, this.#listeners),
      rules,
      clusters: [...reading.clusters].map(([name, totals]) => window.cluster(name, totals)),
    };
  }

  /** Requests of a rule, or of one of its matches, in the last hour; all listeners together. */
  history(rule: string, match?: string): { readonly stepMs: number; readonly requests: readonly number[] } {
    const at = this.#readings.at(-1)?.at ?? 0;
    const sum: number[] = [];
    for (const [key, { history }] of this.#kept) {
      const [, ofRule, ofMatch] = key.split(" ");
      if (history !== undefined && ofRule === rule && (match === undefined || ofMatch === match)) {
        for (const [i, count] of history.upTo(at).entries()) {
          sum[i] = (sum[i] ?? 0) + count;
        }
      }
    }
    return { stepMs: STEP_MS, requests: sum.map((count) => Math.round(count * 10) / 10) };
  }

  /** Envoy counts from 0 again: everything since then is of the window, and of the weights that serve. */
  #startAnew(last: Reading): void {
    const nothing = { uptime: 0, rules: new Map(), listeners: new Map(), clusters: new Map() };
    this.#readings = [{ ...nothing, at: last.at, weights: last.weights }];
    this.#splits = new Map([...this.#splits].map(([key, served]) => [key, { ...served, since: 0 }]));
    for (const kept of this.#kept.values()) {
      delete kept.base;
      delete kept.baseSince;
    }
  }

  #rule(key: string, totals: RuleTotals, window: Window, previous: Reading | undefined): LiveRule {
    const kept = this.#kept.get(key) ?? {};
    this.#kept.set(key, kept);
    const total = allOf(totals);
    const before = previous?.rules.get(key);
    const added = previous === undefined ? 0 : total - (before === undefined ? 0 : allOf(before));
    if (added > 0) {
      kept.lastHit = window.to.at;
      if (kept.history === undefined && this.#histories < MOST_HISTORIES) {
        kept.history = new History(previous!.at);
        this.#histories++;
      }
      kept.history?.add(added, previous!.at, window.to.at);
    }
    const then = window.from.rules.get(key);
    const { listener, rule, match } = totals;
    return {
      listener,
      rule,
      ...(match !== "" && { match }),
      requests: window.rate(total, then && allOf(then)),
      ...(kept.lastHit !== undefined && { lastHit: kept.lastHit }),
      destinations: this.#destinations(key, totals, kept, window),
      redirects: window.rate(totals.redirect, then?.redirect),
      directAnswers: window.rate(totals.direct, then?.direct),
      delays: window.rate(totals.delay, then?.delay),
      aborts: window.rate(totals.abort, then?.abort),
      left: window.rate(totals.left, then?.left),
      limited: window.rate(totals.limited, then?.limited),
    };
  }

  #destinations(key: string, { forwarded }: RuleTotals, kept: Kept, window: Window): LiveDestination[] {
    const then = window.from.rules.get(key)?.forwarded;
    const served = this.#splits.get(key);
    const parts = served?.split.parts ?? new Map<string, number>();
    const base = served && baseOf(served, kept, forwarded, window.to.at);
    const since = (cluster: string) => (forwarded.get(cluster) ?? 0) - (base?.get(cluster) ?? 0);
    const of = base === undefined ? 0 : [...parts.keys()].reduce((sum, cluster) => sum + since(cluster), 0);
    return [...new Set([...parts.keys(), ...forwarded.keys()])].map((cluster) => {
      const wanted = parts.get(cluster);
      const seen = base === undefined ? 0 : since(cluster);
      return {
        cluster,
        requests: window.rate(forwarded.get(cluster) ?? 0, then?.get(cluster)),
        ...(wanted !== undefined && { share: shareOf(wanted, seen, of, served!.split.sticky) }),
      };
    });
  }
}

const NONE: ReadonlyMap<string, number> = new Map();

/** What had been forwarded when the weights began to serve; `undefined` while requests of older ones may still be told. */
function baseOf(
  { since }: Served,
  kept: Kept,
  forwarded: ReadonlyMap<string, number>,
  at: number,
): ReadonlyMap<string, number> | undefined {
  if (kept.baseSince !== since) {
    if (since !== 0 && at < since + SETTLE_MS) {
      return undefined;
    }
    kept.base = since === 0 ? NONE : forwarded;
    kept.baseSince = since;
  }
  return kept.base;
}

/** Two readings, and what has changed between them. */
class Window {
  readonly from: Reading;
  readonly to: Reading;

  constructor(from: Reading, to: Reading) {
    this.from = from;
    this.to = to;
  }

  get ms(): number {
    return this.to.at - this.from.at;
  }

  /** A counter that was not there before has counted since then. */
  rate(total: number, before = 0): Rate {
    const { ms } = this;
    return { total, perSecond: ms > 0 ? Math.max(0, (total - before) / (ms / 1000)) : 0 };
  }

  answers(now: Answers, before: Answers | undefined): LiveCluster["answers"] {
    const rates = STATUS_CLASSES.map((status) => [status, this.rate(now[status], before?.[status])]);
    return Object.fromEntries(rates);
  }

  cluster(name: string, totals: ClusterTotals): LiveCluster {
    const before = this.from.clusters.get(name);
    const { active, total, healthy, ejected } = totals;
    const latency = this.ms > 0 ? latencyBetween(before?.times ?? [], totals.times) : undefined;
    return {
      name,
      requests: this.rate(totals.requests, before?.requests),
      answers: this.answers(totals.answers, before?.answers),
      retries: this.rate(totals.retries, before?.retries),
      timeouts: this.rate(totals.timeouts, before?.timeouts),
      overflows: this.rate(totals.overflows, before?.overflows),
      active,
      endpoints: { total, healthy, ejected },
      ...(latency !== undefined && { latency }),
    };
  }
}

/** Listeners whose requests the filter counts by rule; and those for which `received` is all that there is. */
function countedListeners(
  reading: Reading,
  rules: readonly LiveRule[],
  window: Window,
  expected: ReadonlySet<string> | undefined,
): LiveListener[] {
  const byRules = new Map<string, { total: number; perSecond: number }>();
  for (const { listener, requests } of rules) {
    const sum = byRules.get(listener) ?? { total: 0, perSecond: 0 };
    byRules.set(listener, sum);
    sum.total += requests.total;
    sum.perSecond += requests.perSecond;
  }
  const counted = [...reading.listeners].filter(([name, { byRule }]) => byRule || expected?.has(name));
  return counted.map(([name, now]) => {
    const before = window.from.listeners.get(name);
    const unknownHost = window.rate(now.unknownHost, before?.unknownHost);
    const noRule = window.rate(now.noRule, before?.noRule);
    const withoutRule = window.rate(now.withoutRule, before?.withoutRule);
    const counts = [unknownHost, noRule, withoutRule, byRules.get(name) ?? { total: 0, perSecond: 0 }];
    const sum = {
      total: counts.reduce((all, { total }) => all + total, 0),
      perSecond: counts.reduce((all, { perSecond }) => all + perSecond, 0),
    };
    return {
      name,
      requests: now.byRule ? sum : window.rate(now.received, before?.received),
      unknownHost,
      noRule,
      withoutRule,
      answers: window.answers(now.answers, before?.answers),
    };
  });
}

/** What a rule took: forwarded, answered, aborted, limited, and what left while it waited. */
function allOf({ forwarded, routed, redirect, direct, abort, left, limited }: RuleTotals): number {
  let sum = routed + redirect + direct + abort + left + limited;
  for (const count of forwarded.values()) {
    sum += count;
  }
  return sum;
}

/** Counters only rise while an Envoy runs. */
function hasRestarted(before: Reading, after: Reading): boolean {
  return (
    after.uptime < before.uptime ||
    [...before.rules].some(([key, totals]) => {
      const now = after.rules.get(key);
      return now !== undefined && allOf(now) < allOf(totals);
    })
  );
}
