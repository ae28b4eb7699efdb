/**
 * What the proxies of a fleet have counted since this server knows them, summed by scope. Exact over proxies that come, restart, change
 * their scopes and go; what one has counted stays in the sum of the scope that it was in. Pure.
 *
 * Bounded by what is served: each proxy that is there costs a number for each statistic that it reports, each scope one for each that
 * anybody has reported, and a proxy that is gone nothing.
 */

import type { Config } from "../../ir/ir.ts";
import type { RuleSum } from "../model/rule-counts.ts";
import type { Responses } from "../rollout/state.ts";
import { ProxyCounters } from "./proxy-counters.ts";
import { ServedStatistics, type Statistic } from "./served-statistics.ts";
import type { StatisticsReport } from "./statistics-report.ts";
import { OTHERS } from "./stats-sink.ts";

/** The sums of a scope, or of the fleet, by the names that Envoy has for them. */
export type Sums = ReadonlyMap<string, number>;

/** Of one proxy: no Envoy has so many listeners. */
const MOST_ANSWERS = 5_000;
/** Envoy's own and ours: whoever asks these is no client, or is counted at a listener of the rules as well. */
const NOT_OF_RULES = new RegExp(
  `^(http\\.(admin|sluice_\\w+|upstream_fault)\\..+|cluster\\.sluice_.+|${OTHERS})$`,
);
const ANSWERS = /^http\..+\.downstream_rq_([1-5])xx$/;

interface Counting {
  /** What is summed. */
  readonly statistics: ProxyCounters<Statistic>;
  /** What it answers, at whichever listener: roll-outs are watched by it, be it known what is served or not. */
  readonly answers: ProxyCounters<string>;
}

export class FleetSums {
  readonly #served = new ServedStatistics();
  readonly #scopes = new Map<string, Map<Statistic, number>>();
  readonly #proxies = new Map<string, Counting>();
  #dropped = 0;

  /** Statistics in reports that were of nothing that is served. */
  get dropped(): number {
    return this.#dropped;
  }

  /** From now on these are what may be reported; `scopes` are those that there still are. What was summed of anything else is forgotten. */
  serve(configs: readonly Config[], scopes: ReadonlySet<string>): void {
    const gone = this.#served.serve(configs);
    for (const [key, sums] of this.#scopes) {
      if (!scopes.has(key)) {
        this.#scopes.delete(key);
      }
      for (const statistic of gone) {
        sums.delete(statistic);
      }
    }
  }

  /**
   * A proxy has come. `hadNothing`: it was told nothing before, so all that it has counted is of this server. Of any other one, what it
   * counted before its first report was counted by another server, or by this one before it ended.
   */
  joined(proxy: string, hadNothing: boolean): void {
    const known = this.#proxies.get(proxy);
    if (known === undefined || (hadNothing && known.answers.isNew)) {
      const from = { countsFirst: hadNothing };
      this.#proxies.set(proxy, { statistics: new ProxyCounters(from), answers: new ProxyCounters(from) });
    }
  }

  /**
   * Takes a report up, of a proxy that has joined. `scope`: of the proxy; absent while it is not known what is served there, and then
   * nothing is summed. Gives what the proxy has answered since the report before.
   */
  report(report: StatisticsReport, scope: string | undefined): Responses {
    const counting = this.#proxies.get(report.proxyId);
    const responses = { requests: 0, serverErrors: 0 };
    const { statistics, answers } = this.#valuesOf(report);
    counting?.answers.take(report, answers, (name, count) => {
      responses.requests += count;
      responses.serverErrors += ANSWERS.exec(name)![1] === "5" ? count : 0;
    });
    if (scope !== undefined) {
      const sums = this.#sumsOf(scope);
      counting?.statistics.take(report, statistics, (statistic, count) => {
        sums.set(statistic, (sums.get(statistic) ?? 0) + count);
      });
    }
    return responses;
  }

  /** A proxy is gone for good: what it has counted stays. */
  forget(proxy: string): void {
    this.#proxies.delete(proxy);
  }

  /** Every sum of rules. */
  *ofRules(): Generator<RuleSum> {
    for (const [scope, sums] of this.#scopes) {
      for (const [{ ofRule }, count] of sums) {
        if (ofRule !== undefined) {
          yield { scope, ...ofRule, count };
        }
      }
    }
  }

  /** The keys of the scopes of which something was reported. */
  get scopes(): readonly string[] {
    return [...this.#scopes.keys()];
  }

  /** Of one scope, or of all of them. */
  of(scope?: string): Sums {
    const sums = new Map<string, number>();
    for (const [key, counted] of this.#scopes) {
      if (scope === undefined || scope === key) {
        for (const [{ name }, count] of counted) {
          sums.set(name, (sums.get(name) ?? 0) + count);
        }
      }
    }
    return sums;
  }

  #valuesOf({ statistics: all }: StatisticsReport): {
    readonly statistics: readonly [Statistic, number][];
    readonly answers: readonly [string, number][];
  } {
    const statistics: [Statistic, number][] = [];
    const answers: [string, number][] = [];
    for (const { name, value } of all) {
      const statistic = this.#served.find(name);
      if (statistic === undefined && NOT_OF_RULES.test(name)) {
        continue;
      }
      if (!Number.isSafeInteger(value) || value < 0) {
        this.#dropped += 1;
        continue;
      }
      const isAnswer = name.startsWith("http.") && ANSWERS.test(name);
      if (isAnswer && answers.length < MOST_ANSWERS) {
        answers.push([name, value]);
      }
      if (statistic !== undefined) {
        statistics.push([statistic, value]);
      } else if (!isAnswer) {
        this.#dropped += 1;
      }
    }
    return { statistics, answers };
  }

  #sumsOf(scope: string): Map<Statistic, number> {
    let sums = this.#scopes.get(scope);
    if (sums === undefined) {
      sums = new Map();
      this.#scopes.set(scope, sums);
    }
    return sums;
  }
}
