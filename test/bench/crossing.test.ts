import { expect, test } from "vitest";
import { type Curve, crossingOf, renderCrossing } from "./crossing.ts";

const points = (...differences: readonly (readonly [number, number])[]) =>
  differences.map(([size, difference]) => ({ size, wasm: 20, native: 20 + difference }));

test("the crossing lies on the line between the sizes around it", () => {
  expect(crossingOf(points([10, -2], [100, -1], [200, 1], [1000, 20]))).toBe(150);
});

test("of several crossings the last counts", () => {
  expect(crossingOf(points([10, -2], [20, 1], [50, -1], [150, 3]))).toBe(75);
});

test.each<[string, Curve["points"], string]>([
  ["native always", points([10, -2], [100, -1]), "x: native is cheaper up to 100 rules"],
  ["the filter always", points([10, 2], [100, 3]), "x: the filter is cheaper at every size from 10 rules on"],
  ["one size", points([10, 2]), "x: the filter is cheaper at every size from 10 rules on"],
])("without a crossing: %s", (_, measured, text) => {
  expect(crossingOf(measured)).toBeUndefined();
  expect(renderCrossing({ shape: "x", points: measured })).toBe(text);
});

test("a crossing is told with two digits", () => {
  expect(renderCrossing({ shape: "x", points: points([10, 1]), crossing: 187.3 })).toContain(
    "about 190 rules",
  );
});
