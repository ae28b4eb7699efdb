/**
 * What Envoy has counted up to one moment, from its statistics: the names are Envoy's and the filter's, the sums are ours. What
 * belongs to somebody else is left out. Totals since Envoy started; labels as they are in the names.
 */

import { parseStatName, RULE_STATS, type StatLabels } from "../back/stat-names.ts";

export interface Reading {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Seconds since Envoy started. */
  readonly uptime: number;
  /** By `ruleKey`. */
  readonly rules: ReadonlyMap<string, RuleTotals>;
  readonly listeners: ReadonlyMap<string, ListenerTotals>;
  readonly clusters: ReadonlyMap<string, ClusterTotals>;
  /** What the filter says that destinations are to have of a split, by `ruleKey` and cluster. */
  readonly weights: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Of one rule at one listener, or of one of its matches where it has several. */
export interface RuleTotals {
  readonly listener: string;
  readonly rule: string;
  readonly match: string;
  /** Forwarded, by cluster. */
  readonly forwarded: ReadonlyMap<string, number>;
  /** Forwarded by a route of Envoy's own, which does not count to which cluster. */
  readonly routed: number;
  readonly redirect: number;
  readonly direct: number;
  readonly delay: number;
  readonly abort: number;
  readonly left: number;
  readonly limited: number;
}

export interface ListenerTotals {
  /** Whether anything is counted by rule. Envoy itself counts for whoever takes HTTP, its admin interface among them. */
  readonly byRule: boolean;
  /** Forwarded by no rule: a service's own route. */
  readonly withoutRule: number;
  readonly unknownHost: number;
  readonly noRule: number;
  /** As Envoy itself counts. */
  readonly received: number;
  readonly answers: Answers;
}

export type StatusClass = "2xx" | "3xx" | "4xx" | "5xx";
export type Answers = Readonly<Record<StatusClass, number>>;
export const STATUS_CLASSES: readonly StatusClass[] = ["2xx", "3xx", "4xx", "5xx"];

export interface ClusterTotals {
  readonly requests: number;
  readonly answers: Answers;
  readonly retries: number;
  readonly timeouts: number;
  readonly overflows: number;
  readonly active: number;
  readonly total: number;
  readonly healthy: number;
  readonly ejected: number;
  /** Times of requests; none before the first was answered. */
  readonly times: readonly Bucket[];
}

/** How many took at most so long. */
export interface Bucket {
  readonly upToMs: number;
  readonly count: number;
}

/** What `GET /stats?format=json` answers with, as far as it is read. */
export interface EnvoyStats {
  readonly stats: readonly (
    | { readonly name: string; readonly value: unknown }
    | { readonly histograms: readonly EnvoyHistogram[] }
  )[];
}

interface EnvoyHistogram {
  readonly name: string;
  readonly buckets: readonly { readonly upper_bound: number; readonly cumulative: number }[];
}

/** Which statistics are read, as expressions (RE2) for Envoy, which is asked by type: that is what costs it least. */
export const ASKED = {
  Counters: `^(wasmcustom\\.|cluster\\.[^;]+;\\.upstream_rq_(total|[2-5]xx|retry|timeout|pending_overflow)$|http\\.[^;]+\\.downstream_rq_(total|[2-5]xx)$|vhost\\..+\\.route\\.listener=\\.=.*;\\..*upstream_rq_total$)`,
  Gauges: `^(wasmcustom\\.|cluster\\.[^;]+;\\.(upstream_rq_active|membership_(total|healthy)|outlier_detection\\.ejections_active)$|server\\.uptime$)`,
  Histograms: `^cluster\\.[^;]+;\\.upstream_rq_time$`,
} as const;

/** Of the totals of a rule at a listener. */
export function ruleKey({ listener = "", rule = "", match = "" }: StatLabels): string {
  // No label has a space.
  return `${listener} ${rule} ${match}`;
}

const CLUSTER_FIELDS: Readonly<Record<string, keyof ClusterTotals>> = {
  upstream_rq_total: "requests",
  upstream_rq_retry: "retries",
  upstream_rq_timeout: "timeouts",
  upstream_rq_pending_overflow: "overflows",
  upstream_rq_active: "active",
  membership_total: "total",
  membership_healthy: "healthy",
  "outlier_detection.ejections_active": "ejected",
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Adds up what was answered. What is no number, or has a name that is not asked for, is left out. */
export function readingOf(at: number, answers: readonly EnvoyStats[]): Reading {
  const reading = new ReadingMaker();
  for (const { stats } of answers) {
    for (const entry of stats) {
      if ("histograms" in entry) {
        for (const histogram of entry.histograms) {
          reading.histogram(histogram);
        }
      } else if (typeof entry.value === "number") {
        reading.number(entry.name, entry.value);
      }
    }
  }
  const { uptime, rules, listeners, clusters, weights } = reading;
  return { at, uptime, rules, listeners, clusters, weights };
}

class ReadingMaker {
  uptime = 0;
  readonly rules = new Map<string, Mutable<RuleTotals>>();
  readonly listeners = new Map<string, Mutable<ListenerTotals>>();
  readonly clusters = new Map<string, Mutable<ClusterTotals>>();
  readonly weights = new Map<string, Map<string, number>>();

  number(name: string, value: number): void {
    const [, room, rest] = /^(wasmcustom|cluster|http|vhost|server)\.(.*)$/s.exec(name) ?? [];
    switch (room) {
      case "wasmcustom":
        this.#ofRules(rest!, value);
        break;
      case "cluster":
        this.#ofCluster(rest!, value);
        break;
      case "http":
        this.#ofListener(rest!, value);
        break;
      case "vhost":
        this.#ofRoute(rest!, value);
        break;
      case "server":
        this.uptime = value;
    }
  }

  histogram({ name, buckets }: EnvoyHistogram): void {
    const cluster = /^cluster\.([^;]+);\.upstream_rq_time$/.exec(name)?.[1];
    if (cluster !== undefined && !isOurs(cluster)) {
      this.#cluster(cluster).times = buckets.map(({ upper_bound: upToMs, cumulative: count }) => ({
        upToMs,
        count,
      }));
    }
  }

  #ofRules(name: string, value: number): void {
    const { metric, labels } = parseStatName(name) ?? { labels: {} };
    if (!labels.listener || metric === undefined) {
      return;
    }
    this.#listener(labels.listener).byRule = true;
    switch (metric) {
      case RULE_STATS.weight:
        this.#weight(labels, value);
        return;
      case RULE_STATS.unmatched:
        this.#listener(labels.listener)[labels.why === "host" ? "unknownHost" : "noRule"] += value;
        return;
    }
    if (labels.rule === undefined) {
      if (metric === RULE_STATS.requests) {
        this.#listener(labels.listener).withoutRule += value;
      }
      return;
    }
    const rule = this.#rule(labels);
    switch (metric) {
      case RULE_STATS.requests: {
        const forwarded = rule.forwarded as Map<string, number>;
        const cluster = labels.cluster ?? "";
        forwarded.set(cluster, (forwarded.get(cluster) ?? 0) + value);
        break;
      }
      case RULE_STATS.answers:
        rule[labels.kind === "redirect" ? "redirect" : "direct"] += value;
        break;
      case RULE_STATS.faults:
        rule[labels.fault === "abort" ? "abort" : "delay"] += value;
        break;
      case RULE_STATS.left:
        rule.left += value;
        break;
      case RULE_STATS.limited:
        rule.limited += value;
    }
  }

  #weight(labels: StatLabels, value: number): void {
    // A destination that rules no longer have keeps its gauge, at 0.
    if (value > 0 && labels.cluster !== undefined) {
      const key = ruleKey(labels);
      const parts = this.weights.get(key) ?? new Map();
      parts.set(labels.cluster, value);
      this.weights.set(key, parts);
    }
  }

  /** Named by `routeStatPrefix`: its labels, the last of them cut short, and what the rule itself may call it. */
  #ofRoute(rest: string, value: number): void {
    const [, prefix] = /^.+?\.route\.(listener=\.=.*);\.(?:.*\.)?upstream_rq_total$/s.exec(rest) ?? [];
    const labels: StatLabels = parseStatName(`${prefix};.;${RULE_STATS.requests}`)?.labels ?? {};
    if (labels.listener && labels.rule) {
      this.#rule(labels).routed += value;
    }
  }

  #ofCluster(rest: string, value: number): void {
    const [, name, stat] = /^([^;]+);\.(.+)$/.exec(rest) ?? [];
    if (name === undefined || isOurs(name)) {
      return;
    }
    const status = /^upstream_rq_([2-5]xx)$/.exec(stat!)?.[1] as StatusClass | undefined;
    if (status !== undefined) {
      (this.#cluster(name).answers as Mutable<Answers>)[status] = value;
      return;
    }
    const field = CLUSTER_FIELDS[stat!];
    if (field !== undefined) {
      (this.#cluster(name) as Record<string, unknown>)[field] = value;
    }
  }

  #ofListener(rest: string, value: number): void {
    const [, name, stat] = /^(.+)\.downstream_rq_(total|[2-5]xx)$/.exec(rest) ?? [];
    if (name === undefined) {
      return;
    }
    const listener = this.#listener(name);
    if (stat === "total") {
      listener.received = value;
    } else {
      (listener.answers as Mutable<Answers>)[stat as StatusClass] = value;
    }
  }

  #rule(labels: StatLabels): Mutable<RuleTotals> {
    const key = ruleKey(labels);
    let found = this.rules.get(key);
    if (found === undefined) {
      const { listener = "", rule = "", match = "" } = labels;
      const none = { routed: 0, redirect: 0, direct: 0, delay: 0, abort: 0, left: 0, limited: 0 };
      found = { listener, rule, match, forwarded: new Map(), ...none };
      this.rules.set(key, found);
    }
    return found;
  }

  #listener(name: string): Mutable<ListenerTotals> {
    let found = this.listeners.get(name);
    if (found === undefined) {
      const counts = { withoutRule: 0, unknownHost: 0, noRule: 0, received: 0 };
      found = { byRule: false, ...counts, answers: noAnswers() };
      this.listeners.set(name, found);
    }
    return found;
  }

  #cluster(name: string): Mutable<ClusterTotals> {
    let found = this.clusters.get(name);
    if (found === undefined) {
      const counts = { requests: 0, retries: 0, timeouts: 0, overflows: 0, active: 0 };
      found = { ...counts, total: 0, healthy: 0, ejected: 0, answers: noAnswers(), times: [] };
      this.clusters.set(name, found);
    }
    return found;
  }
}

/** The way to the server of resources, to the admin interface, to a collector: nothing that a rule leads to. */
function isOurs(cluster: string): boolean {
  return cluster.startsWith("sluice_");
}

function noAnswers(): Mutable<Answers> {
  return { "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0 };
}
