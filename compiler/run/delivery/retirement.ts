/**
 * How long what only older rules use has to stay, each thing by its own age: newer changes neither hurry it nor put it off. Time
 * is handed in.
 *
 *  - A port that no rule opens any more is closed at once. Its connections live on, for as long as Envoy lets a listener
 *    drain: so long stays whatever they can be sent to.
 *  - So long stays a cluster, too, that a proxy has and nobody here has made.
 *  - Other clusters and route classes stay until every request that was decided by rules naming them has been sent for the last
 *    time (`drain-time.ts`).
 */

import type { ResourceSet } from "../../back/xds/resource-set.ts";
import { ForeignResource } from "../ads/foreign.ts";
import type { DrainFacts } from "./drain-facts.ts";
import { type Leftover, leftoverKey, leftoversOf } from "./removal.ts";

/** Milliseconds. */
export interface RetirementTimes {
  /** For requests that a configuration has decided, which says that it takes `requestsMs`. */
  rules(requestsMs: number): number;
  /** For connections of a listener that is gone. */
  readonly connections: number;
}

/** Envoy's `--drain-time-s`, unless told: the connections of a listener that is gone are closed then. */
export const ENVOY_DRAIN_MS = 600_000;

export const RETIREMENT_TIMES: RetirementTimes = {
  rules: (requestsMs) => requestsMs,
  connections: ENVOY_DRAIN_MS,
};

/** What was made of a configuration. */
interface Rules {
  readonly drain: DrainFacts;
  readonly filtered: ReadonlySet<string>;
  readonly resources: ResourceSet;
}

export class Retirement {
  readonly #times: RetirementTimes;
  /** Until when something stays, by its key. */
  readonly #until = new Map<string, number>();
  /** Of listeners that are gone: what their connections can be sent to, and until when. */
  #draining: { readonly clusters: ReadonlySet<string>; readonly until: number }[] = [];

  constructor(times: RetirementTimes = RETIREMENT_TIMES) {
    this.#times = times;
  }

  /** The rules of `next` have come to serve in place of those of `last`. */
  replace(last: Rules, next: Rules, now: number): void {
    this.#draining = this.#draining.filter(({ until }) => until > now);
    for (const [key, until] of this.#until) {
      if (until <= now) {
        this.#until.delete(key);
      }
    }
    const still = next.drain.clusters;
    for (const [name, clusters] of last.drain.clusters) {
      // One that is decided for in another way is another one to its connections.
      if (!still.has(name) || last.filtered.has(name) !== next.filtered.has(name)) {
        this.#draining.push({ clusters, until: now + this.#times.connections });
      }
    }
    const rules = now + this.#times.rules(last.drain.requestsMs);
    for (const leftover of leftoversOf(last.resources, next.resources)) {
      const key = leftoverKey(leftover);
      // Rules before these may have given it longer.
      this.#until.set(key, Math.max(this.#until.get(key) ?? 0, this.#untilOf(leftover, last, rules, now)));
    }
  }

  stays(leftover: Leftover, now: number): boolean {
    // Nobody asks for the endpoints of a cluster that is gone.
    const lasting: Leftover =
      leftover.type === "endpoints" ? { type: "cluster", name: leftover.name } : leftover;
    return (this.#until.get(leftoverKey(lasting)) ?? 0) > now;
  }

  /** When the time of something is over next; `undefined` when nothing waits for it. */
  next(now: number): number | undefined {
    const later = [...this.#until.values()].filter((until) => until > now);
    return later.length === 0 ? undefined : Math.min(...later);
  }

  #untilOf({ type, name }: Leftover, { resources }: Rules, rules: number, now: number): number {
    switch (type) {
      case "listener":
        // One inside of Envoy is a part of a cluster.
        return isInternal(resources, name) ? rules : now;
      case "cluster":
        if (resources.cluster.get(name) instanceof ForeignResource) {
          // By rules of which nothing is known.
          return now + this.#times.connections;
        }
        return Math.max(
          rules,
          ...this.#draining.filter(({ clusters }) => clusters.has(name)).map(({ until }) => until),
        );
      case "class":
      case "endpoints":
        return rules;
      case "routes":
      case "extension":
      case "secret":
        return now + this.#times.connections;
    }
  }
}

function isInternal({ listener }: ResourceSet, name: string): boolean {
  const message = listener.get(name)?.message;
  return message !== undefined && "internal_listener" in message;
}
