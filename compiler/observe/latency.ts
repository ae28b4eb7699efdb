/** How long requests of a window took, from what Envoy has counted in buckets before and after it. */

import type { Bucket } from "./reading.ts";

/** Milliseconds; `undefined` where nothing was answered in between. A bucket's requests are taken to be spread evenly over it. */
export function latencyBetween(
  before: readonly Bucket[],
  after: readonly Bucket[],
): { readonly p50: number; readonly p99: number } | undefined {
  // Buckets are those of the configuration, so they are the same ones unless Envoy has just begun.
  const known = before.length === after.length ? before : [];
  const counts = after.map(({ count }, i) => count - (known[i]?.count ?? 0));
  const all = counts.at(-1) ?? 0;
  if (all <= 0) {
    return undefined;
  }
  const quantile = (part: number) => {
    const rank = part * all;
    const i = counts.findIndex((count) => count >= rank);
    const [low, high] = [after[i - 1]?.upToMs ?? 0, after[i]!.upToMs];
    const [below, upTo] = [counts[i - 1] ?? 0, counts[i]!];
    return upTo === below ? high : low + ((rank - below) / (upTo - below)) * (high - low);
  };
  return { p50: quantile(0.5), p99: quantile(0.99) };
}
