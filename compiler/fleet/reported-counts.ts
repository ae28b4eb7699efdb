/** What the proxies of this server report of their counters, held against what they are served: the sums of it by scope. */

import type { JoinedProxies } from "./joined-proxies.ts";
import type { KnownRevisions } from "./known-revisions.ts";
import type { RuleCounts } from "./model/rule-counts.ts";
import type { Responses } from "./rollout/state.ts";
import { FleetSums, type Sums } from "./signal/fleet-sums.ts";
import type { StatisticsReport } from "./signal/statistics-report.ts";

export interface ReportedCountsOptions {
  readonly revisions: KnownRevisions;
  readonly proxies: JoinedProxies;
}

/** Between two looks at what is served: a statistic that is new has so long to wait, and is then reported again. */
const LOOK_EVERY_MS = 1_000;

export class ReportedCounts {
  readonly #options: ReportedCountsOptions;
  readonly #sums = new FleetSums();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ReportedCountsOptions) {
    this.#options = options;
  }

  /** `hadNothing`: see `FleetSums`. */
  joined(proxy: string, hadNothing: boolean): void {
    this.#sums.joined(proxy, hadNothing);
  }

  /** Gives what the proxy has answered since it reported last. */
  reported(report: StatisticsReport): Responses {
    this.#look();
    const { revisions, proxies } = this.#options;
    const line = proxies.find(report.proxyId);
    const config = line && revisions.find(line.wanted)?.buildOf(line.scope.key)?.config;
    return this.#sums.report(report, config && line.scope.key);
  }

  forgotten(proxy: string): void {
    this.#sums.forget(proxy);
  }

  get ofRules(): RuleCounts {
    return { sums: this.#sums.ofRules(), dropped: this.#sums.dropped };
  }

  /** The scopes of which something was reported. */
  get scopes(): readonly string[] {
    return this.#sums.scopes;
  }

  /** Of a scope, or of all proxies that report here. */
  sums(scope?: string): Sums {
    return this.#sums.of(scope);
  }

  #look(): void {
    const now = performance.now();
    if (now < this.#lookedAt + LOOK_EVERY_MS) {
      return;
    }
    this.#lookedAt = now;
    const { revisions, proxies } = this.#options;
    const builds = revisions.all.flatMap((revision) => revision.builds);
    this.#sums.serve(
      builds.flatMap(({ build: { config } }) => config ?? []),
      new Set([...builds.map(({ scope }) => scope.key), ...proxies.all.map(({ scope }) => scope.key)]),
    );
  }
}
