/** What is promised about the cost of the filter, held against what was measured. */

import { curvesOf, type Point } from "./crossing.ts";
import { medianDifference } from "./measure.ts";
import type { Result } from "./report.ts";

/** CPU microseconds a request over the filter that does nothing. */
const MOST_AT_SMALLEST = 2;
const MOST_GROWTH = 1.25;
const MOST_ADDED = 0.7;
/** Of what the filter with one fixed decision takes over no filter. */
const MOST_OF_FIXED = 1.5;
/** With so many rules, Envoy's own routes are not to be cheaper. */
const CROSSED_AT = 1000;
const MANY = 10_000;
/** How many times what the filter takes Envoy's own routes are to take at `MANY` rules, by shape. */
const LEAST_OF_NATIVE: ReadonlyMap<string, number> = new Map([
  ["exact", 10],
  ["prefix", 10],
  ["exact-header", 25],
  ["header-decides", 25],
  ["three-headers", 25],
  ["regex", 50],
]);

/** A line for each shape whose smallest and largest size were measured with all that is compared. */
export function renderBounds(results: readonly Result[]): string[] {
  return [...new Set(results.map(({ shape }) => shape))].flatMap((shape) => {
    const sizes = results.filter((result) => result.shape === shape).sort((a, b) => a.size - b.size);
    const [small, large] = [sizes[0]!, sizes.at(-1)!];
    const least = overNoop(small);
    const most = overNoop(large);
    if (least === undefined || most === undefined) {
      return [];
    }
    const allowed = Math.max(least * MOST_GROWTH, least + MOST_ADDED);
    const verdicts = [
      `${least.toFixed(2)} µs over no-op at ${small.size} rules (at most ${MOST_AT_SMALLEST}: ${verdict(least <= MOST_AT_SMALLEST)})`,
      ...(large === small
        ? []
        : [
            `${most.toFixed(2)} at ${large.size} (at most ${allowed.toFixed(2)}: ${verdict(most <= allowed)})`,
          ]),
    ];
    const share = ofFixed(large);
    if (share !== undefined) {
      verdicts.push(
        `${share.toFixed(2)} × one fixed decision (at most ${MOST_OF_FIXED}: ${verdict(share <= MOST_OF_FIXED)})`,
      );
    }
    const points = curvesOf(sizes).flatMap((curve) => curve.points);
    verdicts.push(...points.flatMap((point) => againstNative(shape, point)));
    return [`${shape}: ${verdicts.join(", ")}`];
  });
}

function againstNative(shape: string, { size, wasm, native }: Point): string[] {
  const wanted = size === CROSSED_AT ? 1 : size === MANY ? LEAST_OF_NATIVE.get(shape) : undefined;
  if (wanted === undefined) {
    return [];
  }
  const ratio = native / wasm;
  return [
    `native takes ${ratio.toFixed(1)} × as much at ${size} (at least ${wanted}: ${verdict(ratio >= wanted, "MISSED")})`,
  ];
}

function overNoop({ measured }: Result): number | undefined {
  const [wasm, noop] = ["wasm", "noop"].map((name) => measured.find(({ peer }) => peer === name));
  return wasm && noop && medianDifference(wasm, noop);
}

function ofFixed({ measured }: Result): number | undefined {
  const [wasm, fixed, none] = ["wasm", "fixed", "none"].map((name) =>
    measured.find(({ peer }) => peer === name),
  );
  return wasm && fixed && none && medianDifference(wasm, none) / medianDifference(fixed, none);
}

function verdict(holds: boolean, otherwise = "EXCEEDED"): string {
  return holds ? "holds" : otherwise;
}
