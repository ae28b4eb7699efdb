/**
 * What rules do at all proxies of a scope, or of the fleet, for as long as somebody looks: the sums of what proxies report are readings
 * like those of one Envoy, and what is told of them is the same.
 */

import type { Config } from "../ir/ir.ts";
import { LiveRules } from "../observe/live.ts";
import { type Reading, readingOf } from "../observe/reading.ts";
import { type Splits, splitsOf } from "../observe/splits.ts";
import type { JoinedProxies } from "./joined-proxies.ts";
import type { KnownRevisions } from "./known-revisions.ts";
import type { ReportedCounts } from "./reported-counts.ts";
import type { Revision } from "./revisions/revision.ts";
import type { Sums } from "./signal/fleet-sums.ts";
import { REPORT_INTERVAL_MS } from "./signal/stats-sink.ts";
import { endpointCounts } from "./told-endpoints.ts";

export interface LiveScopesOptions {
  readonly revisions: KnownRevisions;
  readonly proxies: JoinedProxies;
  readonly counts: ReportedCounts;
}

/** Of which something is kept from one look to the next. */
const MOST_WATCHED = 64;
/** Until whatever was decided before is reported. */
const REPORTED_MS = REPORT_INTERVAL_MS + 1_000;

export class LiveScopes {
  readonly #options: LiveScopesOptions;
  /** The one that was asked for last is the last one. */
  readonly #watched = new Map<string | undefined, LiveRules>();

  constructor(options: LiveScopesOptions) {
    this.#options = options;
  }

  /** Without a scope, of all that report here. */
  of(scope: string | undefined): LiveRules {
    const live =
      this.#watched.get(scope) ??
      new LiveRules({ read: (at) => this.#read(scope, at), splits: () => this.#splits(scope) });
    this.#watched.delete(scope);
    this.#watched.set(scope, live);
    if (this.#watched.size > MOST_WATCHED) {
      this.#watched.delete(this.#watched.keys().next().value);
    }
    return live;
  }

  #read(scope: string | undefined, at: number): Reading {
    const { counts, proxies, revisions } = this.#options;
    const stats = statisticsOf(counts.sums(scope));
    // Most proxies are told the same.
    const told = new Set(
      proxies.connected
        .filter((line) => scope === undefined || line.scope.key === scope)
        .flatMap((line) => revisions.find(line.revision)?.buildOf(line.scope.key)?.told.resources ?? []),
    );
    for (const resources of told) {
      for (const [cluster, count] of endpointCounts(resources)) {
        stats.set(`cluster.${cluster};.membership_total`, count);
        stats.set(`cluster.${cluster};.membership_healthy`, count);
      }
    }
    return readingOf(at, [{ stats: [...stats].map(([name, value]) => ({ name, value })) }]);
  }

  /** Of the scopes whose proxies have all acknowledged the same: while a change is on its way, no share is wanted of all of them. */
  #splits(scope: string | undefined): { readonly splits: Splits; readonly since: number } {
    const { revisions } = this.#options;
    const agreed = this.#agreed(scope);
    const splits = new Map(agreed.flatMap(({ config }) => [...splitsOf(config)]));
    const since =
      revisions.all.length === 1 ? 0 : Math.max(0, ...agreed.map((one) => one.since)) + REPORTED_MS;
    return { splits, since };
  }

  #agreed(wanted: string | undefined): { readonly config: Config; readonly since: number }[] {
    const { proxies, revisions } = this.#options;
    const scopes = new Map<string, { revision: Revision | undefined; since: number }>();
    for (const { scope, revision: id, state, since } of proxies.connected) {
      if (wanted !== undefined && scope.key !== wanted) {
        continue;
      }
      const known = scopes.get(scope.key);
      const revision = state === "current" ? revisions.find(id) : undefined;
      scopes.set(scope.key, {
        revision: known === undefined || known.revision === revision ? revision : undefined,
        since: Math.max(known?.since ?? 0, since.getTime()),
      });
    }
    return [...scopes].flatMap(([key, { revision, since }]) => {
      const config = revision?.buildOf(key)?.config;
      return config === undefined ? [] : [{ config, since }];
    });
  }
}

const CLASS = /^(.+\.(?:up|down)stream_rq_)[1-5]xx$/;

/** Proxies report answers by class alone: all of them are what was asked. */
function statisticsOf(sums: Sums): Map<string, number> {
  const stats = new Map(sums);
  for (const [name, count] of sums) {
    const [, stem] = CLASS.exec(name) ?? [];
    if (stem !== undefined) {
      stats.set(`${stem}total`, (stats.get(`${stem}total`) ?? 0) + count);
    }
  }
  return stats;
}
