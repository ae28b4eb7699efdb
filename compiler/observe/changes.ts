/** What of a report is new to whoever has an earlier one: of ten thousand rules a few move in a second. */

import type { LiveReport, LiveRule } from "./live-report.ts";

/**
 * The later report without what is the same in the earlier one. Listeners, which are few, are all there. `undefined` where something
 * is gone, which only a whole report can say.
 */
export function changesBetween(before: LiveReport, after: LiveReport): LiveReport | undefined {
  const rules = changed(before.rules, after.rules, keyOf);
  const clusters = changed(before.clusters, after.clusters, ({ name }) => name);
  return rules && clusters && { ...after, rules, clusters };
}

/** The report that somebody has who had `before` and was told `changes`. */
export function withChanges(before: LiveReport, changes: LiveReport): LiveReport {
  return {
    ...changes,
    rules: merged(before.rules, changes.rules, keyOf),
    clusters: merged(before.clusters, changes.clusters, ({ name }) => name),
  };
}

function merged<T>(before: readonly T[], changes: readonly T[], key: (one: T) => string): readonly T[] {
  return [...new Map([...before, ...changes].map((one) => [key(one), one])).values()];
}

function changed<T>(
  before: readonly T[],
  after: readonly T[],
  key: (one: T) => string,
): readonly T[] | undefined {
  const known = new Map(before.map((one) => [key(one), one]));
  const isNew = after.filter((one) => {
    const old = known.get(key(one));
    known.delete(key(one));
    return old === undefined || !isSame(old, one);
  });
  return known.size === 0 ? isNew : undefined;
}

function keyOf({ listener, rule, match = "" }: LiveRule): string {
  return `${listener} ${rule} ${match}`;
}

/** Of plain data. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return a === b;
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}
