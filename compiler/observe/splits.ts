/** What destinations are to have of the requests of their rules, by the rules as they are compiled. */

import { labelValue, matchLabel, ruleLabel } from "../back/stat-names.ts";
import type { Config, Route } from "../ir/ir.ts";
import { ruleKey } from "./reading.ts";

/** Of a rule that has several destinations. */
export interface Split {
  /** By cluster, a part of 1 each. */
  readonly parts: ReadonlyMap<string, number>;
  /** Requests of one client go to one destination. */
  readonly sticky: boolean;
}

/** By `ruleKey`. */
export type Splits = ReadonlyMap<string, Split>;

export function splitsOf({ listeners }: Config): Splits {
  const splits = new Map<string, Split>();
  for (const listener of listeners) {
    for (const { routes } of listener.routes.virtualHosts) {
      for (const route of routes) {
        const split = splitOf(route);
        if (split !== undefined) {
          const labels = { rule: ruleLabel(route.origin), match: matchLabel(route.origin) };
          splits.set(ruleKey({ listener: labelValue(listener.name), ...labels }), split);
        }
      }
    }
  }
  return splits;
}

/** Labels of those that take HTTP. */
export function listenersOf({ listeners }: Config): ReadonlySet<string> {
  return new Set(listeners.map(({ name }) => labelValue(name)));
}

/** As the filter says it: of weights, and nothing of what is sticky. */
export function splitsOfWeights(weights: ReadonlyMap<string, ReadonlyMap<string, number>>): Splits {
  return new Map(
    [...weights].filter(([, parts]) => parts.size > 1).map(([key, parts]) => [key, ofWeights(parts, false)]),
  );
}

/** What tells a split from another; the order of destinations does not matter. */
export function splitText({ parts, sticky }: Split): string {
  return JSON.stringify([sticky, ...[...parts].sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function splitOf({ origin, action }: Route): Split | undefined {
  if (origin === undefined || action.kind !== "forward" || action.destinations.length < 2) {
    return undefined;
  }
  const weights = new Map<string, number>();
  for (const { cluster, weight } of action.destinations) {
    const label = labelValue(cluster);
    weights.set(label, (weights.get(label) ?? 0) + weight);
  }
  return ofWeights(weights, action.sticky !== undefined);
}

function ofWeights(weights: ReadonlyMap<string, number>, sticky: boolean): Split {
  const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
  return { parts: new Map([...weights].map(([cluster, weight]) => [cluster, weight / sum])), sticky };
}
