/** Which rules, matches and destinations the requests of a run have reached, over all listeners that have them. */

import type { Config, Route, RouteOrigin } from "../../ir/ir.ts";
import { place, type RulePlace } from "../../ir/origin.ts";
import { compareStrings } from "../../ir/text.ts";
import type { Evaluation } from "../evaluate/evaluator.ts";

/** A rule, a match or a destination. */
export interface CoverageItem extends RulePlace {
  readonly kind: "rule" | "match" | "destination";
  readonly name: string;
  /** Of a destination. */
  readonly cluster?: string;
  readonly reached: boolean;
}

/** How many of a kind were reached. */
export interface CoverageCounts {
  readonly reached: number;
  readonly total: number;
  /** 100 when there is nothing to reach. */
  readonly percent: number;
}

/** What the requests of a run have reached, and what they missed. Fields are added, never changed or removed. */
export interface CoverageReport {
  readonly rules: CoverageCounts;
  readonly matches: CoverageCounts;
  readonly destinations: CoverageCounts;
  readonly missed: readonly CoverageItem[];
}

/** Places cost a parse each, and are asked for of what was missed only. */
interface Item {
  readonly kind: CoverageItem["kind"];
  readonly name: string;
  readonly origin: RouteOrigin;
  readonly cluster?: string;
}

/** A rule's key; its matches and destinations have it in front of their own. */
const ruleKey = ({ resource, rule }: RouteOrigin) => `${resource} ${rule}`;
const matchKey = (origin: RouteOrigin) => `${ruleKey(origin)} match ${origin.match ?? ""}`;
const destinationKey = (origin: RouteOrigin, cluster: string) => `${ruleKey(origin)} destination ${cluster}`;

export class Coverage {
  readonly #items = new Map<string, Item>();
  readonly #reached = new Set<string>();

  constructor({ listeners }: Config) {
    for (const { routes } of listeners) {
      for (const host of routes.virtualHosts) {
        for (const route of host.routes) {
          this.#add(route);
        }
      }
    }
  }

  /** `cluster`: where it went, as far as anybody saw. */
  note({ taken, decision, outcome }: Evaluation, cluster?: string): void {
    const origin = taken?.route.origin;
    if (taken === undefined || origin === undefined) {
      return;
    }
    this.#reached.add(ruleKey(origin)).add(matchKey(origin));
    const { action } = taken.route;
    if (action.kind !== "forward") {
      return;
    }
    const seen = new Set([
      cluster,
      outcome.kind === "forward" ? outcome.cluster : undefined,
      decision?.cluster,
    ]);
    for (const destination of action.destinations) {
      if (seen.has(destination.cluster) || seen.has(destination.fault)) {
        this.#reached.add(destinationKey(origin, destination.cluster));
      }
    }
  }

  report(): CoverageReport {
    const items = [...this.#items].map(([key, item]) => ({ ...item, reached: this.#reached.has(key) }));
    const count = (kind: Item["kind"]): CoverageCounts => {
      const all = items.filter((item) => item.kind === kind);
      const reached = all.filter((item) => item.reached).length;
      return {
        reached,
        total: all.length,
        percent: all.length === 0 ? 100 : Number(((100 * reached) / all.length).toFixed(2)),
      };
    };
    return {
      rules: count("rule"),
      matches: count("match"),
      destinations: count("destination"),
      missed: items
        .filter(({ reached }) => !reached)
        .map(({ origin, ...item }): CoverageItem => {
          const { match, ...rule } = place(origin);
          return { ...item, ...rule, ...(item.kind === "match" && match !== undefined && { match }) };
        })
        .sort((a, b) => compareStrings(a.file!, b.file!) || a.line! - b.line!),
    };
  }

  /** A service's own routes are nobody's rules. */
  #add({ name, origin, action }: Route): void {
    if (origin === undefined) {
      return;
    }
    const known = this.#items.get(ruleKey(origin));
    if (known === undefined) {
      this.#items.set(ruleKey(origin), { kind: "rule", name, origin });
    }
    // A rule without matches has nothing more to reach.
    if (origin.match !== undefined) {
      this.#items.set(matchKey(origin), { kind: "match", name, origin });
    }
    if (action.kind !== "forward") {
      return;
    }
    for (const { cluster } of action.destinations) {
      const key = destinationKey(origin, cluster);
      if (!this.#items.has(key)) {
        this.#items.set(key, { kind: "destination", name, cluster, origin });
      }
    }
  }
}
