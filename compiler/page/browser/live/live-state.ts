/**
 * What is known of a running Envoy: the first report, and all that came after it. A report that follows has only the rules
 * that moved, so that 10,000 rules cost nothing while ten of them work; the others keep their totals and stand still.
 */

import type {
  LiveCluster,
  LiveDestination,
  LiveListener,
  LiveReport,
  LiveRule,
  Rate,
  Share,
} from "../../../observe/live-report.ts";
import { groupBy } from "./group-by.ts";
import { ruleKey } from "./rule-key.ts";

export interface LiveState {
  /** When the last report was made; 0: none has come. */
  readonly at: number;
  readonly windowMs: number;
  readonly listeners: readonly LiveListener[];
  readonly clusters: readonly LiveCluster[];
  /** By `ruleKey`; at all listeners together. */
  readonly rules: ReadonlyMap<string, RuleSum>;
}

/** What a rule, or a match of it, did at all listeners. */
export interface RuleSum {
  /** Every request that it took: forwarded, answered, aborted, left, limited. */
  readonly taken: Rate;
  readonly lastHit: number | undefined;
  readonly destinations: readonly LiveDestination[];
  readonly redirects: Rate;
  readonly directAnswers: Rate;
  readonly delays: Rate;
  readonly aborts: Rate;
  readonly left: Rate;
  readonly limited: Rate;
  /** What it is the sum of. */
  readonly parts: readonly LiveRule[];
}

export const NOTHING_YET: LiveState = { at: 0, windowMs: 0, listeners: [], clusters: [], rules: new Map() };

/** The first report of a stream, which has everything. */
export function fromFirst(report: LiveReport): LiveState {
  return mergeReport(NOTHING_YET, report);
}

export function mergeReport(state: LiveState, report: LiveReport): LiveState {
  const rules = new Map(state.rules);
  const reported = groupBy(report.rules, ({ rule, match }) => ruleKey(rule, match));
  for (const [key, sum] of state.rules) {
    if (!reported.has(key) && (sum.taken.perSecond > 0 || sum.delays.perSecond > 0)) {
      rules.set(key, sumOf(sum.parts.map(still)));
    }
  }
  for (const [key, moved] of reported) {
    const before = state.rules.get(key)?.parts ?? [];
    const others = before.filter((one) => !moved.some(({ listener }) => listener === one.listener));
    rules.set(key, sumOf([...others.map(still), ...moved]));
  }
  const { at, windowMs, listeners, clusters } = report;
  return { at, windowMs, listeners, clusters, rules };
}

/** Requests of all listeners, and the part of their answers that was a 5xx; `undefined` without answers. */
export function totals({ listeners, clusters }: LiveState): {
  readonly perSecond: number;
  readonly total: number;
  readonly failedShare: number | undefined;
  readonly slowest: { readonly cluster: string; readonly p99: number } | undefined;
} {
  let perSecond = 0;
  let total = 0;
  let answers = 0;
  let failed = 0;
  for (const listener of listeners) {
    perSecond += listener.requests.perSecond;
    total += listener.requests.total;
    failed += listener.answers["5xx"].perSecond;
    answers += Object.values(listener.answers).reduce((sum, rate) => sum + rate.perSecond, 0);
  }
  let slowest: { cluster: string; p99: number } | undefined;
  for (const { name, latency } of clusters) {
    if (latency !== undefined && (slowest === undefined || latency.p99 > slowest.p99)) {
      slowest = { cluster: name, p99: latency.p99 };
    }
  }
  return { perSecond, total, failedShare: answers > 0 ? failed / answers : undefined, slowest };
}

/** Whether a split is off what was asked for: `undefined` where nothing was split yet. */
export function isOffWeight(sum: RuleSum | undefined): boolean {
  return sum?.destinations.some(({ share }) => share !== undefined && !share.agrees) ?? false;
}

/** Of several matches of a rule. */
export function sumOfSums(sums: readonly RuleSum[]): RuleSum {
  return sumOf(sums.flatMap(({ parts }) => parts));
}

function sumOf(parts: readonly LiveRule[]): RuleSum {
  if (parts.length === 1) {
    // Nearly all: nothing is added up, which matters with thousands of rules a second.
    return sumOfOne(parts[0]!, parts);
  }
  const hits = parts.flatMap(({ lastHit }) => lastHit ?? []);
  const sum = (rateOf: (part: LiveRule) => Rate) => parts.map(rateOf).reduce(add, NONE);
  const requests = sum((part) => part.requests);
  const redirects = sum((part) => part.redirects);
  const directAnswers = sum((part) => part.directAnswers);
  const aborts = sum((part) => part.aborts);
  const left = sum((part) => part.left);
  const limited = sum((part) => part.limited);
  return {
    taken: [requests, redirects, directAnswers, aborts, left, limited].reduce(add, NONE),
    lastHit: hits.length === 0 ? undefined : Math.max(...hits),
    destinations: [
      ...groupBy(
        parts.flatMap(({ destinations }) => destinations),
        ({ cluster }) => cluster,
      ),
    ].map(([cluster, same]) => {
      const share = worst(same.flatMap(({ share }) => share ?? []));
      return {
        cluster,
        requests: same.map((one) => one.requests).reduce(add, NONE),
        ...(share !== undefined && { share }),
      };
    }),
    redirects,
    directAnswers,
    delays: sum((part) => part.delays),
    aborts,
    left,
    limited,
    parts,
  };
}

function sumOfOne(part: LiveRule, parts: readonly LiveRule[]): RuleSum {
  const { requests, lastHit, destinations, redirects, directAnswers, delays, aborts, left, limited } = part;
  const total =
    requests.total + redirects.total + directAnswers.total + aborts.total + left.total + limited.total;
  const perSecond =
    requests.perSecond +
    redirects.perSecond +
    directAnswers.perSecond +
    aborts.perSecond +
    left.perSecond +
    limited.perSecond;
  return {
    taken: { total, perSecond },
    lastHit,
    destinations,
    redirects,
    directAnswers,
    delays,
    aborts,
    left,
    limited,
    parts,
  };
}

/** Listeners draw apart, so their intervals are not added: the one that is off counts, and else the surest. */
function worst(shares: readonly Share[]): Share | undefined {
  return shares.find(({ agrees }) => !agrees) ?? [...shares].sort((a, b) => b.of - a.of)[0];
}

function still(rule: LiveRule): LiveRule {
  return {
    ...rule,
    requests: stopped(rule.requests),
    destinations: rule.destinations.map((one) => ({ ...one, requests: stopped(one.requests) })),
    redirects: stopped(rule.redirects),
    directAnswers: stopped(rule.directAnswers),
    delays: stopped(rule.delays),
    aborts: stopped(rule.aborts),
    left: stopped(rule.left),
    limited: stopped(rule.limited),
  };
}

const NONE: Rate = { total: 0, perSecond: 0 };

function stopped({ total }: Rate): Rate {
  return { total, perSecond: 0 };
}

function add(a: Rate, b: Rate): Rate {
  return { total: a.total + b.total, perSecond: a.perSecond + b.perSecond };
}
