/** From how many rules on the filter costs less than Envoy's own routes, which are tried one after another. */

import type { Result } from "./report.ts";

export interface Curve {
  readonly shape: string;
  /** By size. */
  readonly points: readonly Point[];
  /** In rules; absent when one side was cheaper at every size. */
  readonly crossing?: number;
}

export interface Point {
  readonly size: number;
  /** CPU microseconds a request, medians. */
  readonly wasm: number;
  readonly native: number;
}

/** What was measured of both, a curve for each shape. */
export function curvesOf(results: readonly Result[]): Curve[] {
  const curves = new Map<string, Point[]>();
  for (const { shape, size, measured } of results) {
    const cost = (peer: string) => measured.find((one) => one.peer === peer)?.median;
    const [wasm, native] = [cost("wasm"), cost("native")];
    if (wasm === undefined || native === undefined) {
      continue;
    }
    curves.set(shape, [...(curves.get(shape) ?? []), { size, wasm, native }]);
  }
  return [...curves].map(([shape, unsorted]) => {
    const points = unsorted.sort((a, b) => a.size - b.size);
    const crossing = crossingOf(points);
    return { shape, points, ...(crossing !== undefined && { crossing }) };
  });
}

/**
 * The size from which native is dearer at every larger size, on the line between the two measured sizes around it.
 * The last change of sign counts: below it the two are so close that noise decides.
 */
export function crossingOf(points: readonly Point[]): number | undefined {
  for (let i = points.length - 1; i > 0; i--) {
    const [low, high] = [points[i - 1]!, points[i]!];
    const [before, after] = [low.native - low.wasm, high.native - high.wasm];
    if (after <= 0) {
      return undefined;
    }
    if (before <= 0) {
      return low.size + ((high.size - low.size) * -before) / (after - before);
    }
  }
  return undefined;
}

/** Two digits: more would claim what was not measured. */
export function renderCrossing({ shape, points, crossing }: Curve): string {
  if (crossing !== undefined) {
    return `${shape}: the filter is cheaper from about ${Number(crossing.toPrecision(2))} rules on`;
  }
  const [first, last] = [points[0]!, points.at(-1)!];
  return last.native > last.wasm
    ? `${shape}: the filter is cheaper at every size from ${first.size} rules on`
    : `${shape}: native is cheaper up to ${last.size} rules`;
}
