/**
 * What a running Envoy does with each rule, as plain data: what `sluice top --format json` prints, the page shows and a
 * program gets. Fields are added, never changed or removed.
 *
 * Rates are per second over `windowMs`; totals count since Envoy started. Ids of rules, names of clusters and of listeners
 * are labels (`labelValue`), the same as in Prometheus, logs and traces.
 */

/** What was read from Envoy at one moment, and what has changed since the reading before. */
export interface LiveReport {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What rates are over; 0 for the first reading, whose rates are 0. */
  readonly windowMs: number;
  readonly listeners: readonly LiveListener[];
  /** Those that have counted something since Envoy started; a reading that is sent as a change has those that moved. */
  readonly rules: readonly LiveRule[];
  readonly clusters: readonly LiveCluster[];
}

export interface Rate {
  readonly total: number;
  readonly perSecond: number;
}

export interface LiveListener {
  readonly name: string;
  /** All requests: forwarded, answered, aborted, unmatched. */
  readonly requests: Rate;
  /** No virtual host is for the host that was asked for. */
  readonly unknownHost: Rate;
  /** No rule of the virtual host took it. */
  readonly noRule: Rate;
  /** Forwarded without a rule: by a service's own route, or passed through. Absent: not told. */
  readonly withoutRule?: Rate;
  /** By the class of the status, as Envoy counts answers to clients. */
  readonly answers: Readonly<Record<"2xx" | "3xx" | "4xx" | "5xx", Rate>>;
}

/** One rule at one listener, or one of its matches where it has several. */
export interface LiveRule {
  readonly listener: string;
  readonly rule: string;
  /** Absent: the rule has one match, or none. */
  readonly match?: string;
  /** All that it took: forwarded, answered, aborted, limited, and those whose clients left while they waited. */
  readonly requests: Rate;
  /** Milliseconds since 1970: the last reading in which it had moved. Absent: not since somebody reads. */
  readonly lastHit?: number;
  readonly destinations: readonly LiveDestination[];
  readonly redirects: Rate;
  readonly directAnswers: Rate;
  readonly delays: Rate;
  readonly aborts: Rate;
  readonly left: Rate;
  /** Beyond the limit of the rule. */
  readonly limited: Rate;
}

export interface LiveDestination {
  readonly cluster: string;
  readonly requests: Rate;
  /** Of rules that split. */
  readonly share?: Share;
}

/** What a destination is to have of the requests of its rule, and what it had. Fractions, 0 to 1. */
export interface Share {
  readonly wanted: number;
  readonly seen: number;
  /** Where the true share is, with 99 % certainty, from what was seen. */
  readonly low: number;
  readonly high: number;
  /** Requests that were looked at: those since the weights last changed. */
  readonly of: number;
  /** Whether `wanted` is between `low` and `high`. */
  readonly agrees: boolean;
}

export interface LiveCluster {
  readonly name: string;
  readonly requests: Rate;
  readonly answers: Readonly<Record<"2xx" | "3xx" | "4xx" | "5xx", Rate>>;
  readonly retries: Rate;
  readonly timeouts: Rate;
  /** Turned away by a circuit breaker. */
  readonly overflows: Rate;
  readonly active: number;
  readonly endpoints: { readonly total: number; readonly healthy: number; readonly ejected: number };
  /** Milliseconds, over the window; absent when nothing was answered in it. */
  readonly latency?: { readonly p50: number; readonly p99: number };
}
