import { describe, expect, test } from "vitest";
import { binomialInterval } from "./binomial.ts";

/** P(X ≤ k) by convolution, one throw after another: another way than the code's. */
function cumulative(n: number, p: number, k: number): number {
  let masses = [1];
  for (let thrown = 0; thrown < n; thrown++) {
    masses = [...masses, 0].map((mass, i) => mass * (1 - p) + (masses[i - 1] ?? 0) * p);
  }
  return masses.slice(0, k + 1).reduce((sum, mass) => sum + mass, 0);
}

describe("binomialInterval", () => {
  test("is exact for small numbers", () => {
    // Ten throws of a fair coin: P(0) = 1/1024, P(≤1) = 11/1024, P(≤2) = 56/1024.
    expect(binomialInterval(10, 0.5, 0.05)).toEqual({ low: 2, high: 8 });
    expect(binomialInterval(10, 0.5, 2 / 1024)).toEqual({ low: 0, high: 10 });
    expect(binomialInterval(10, 0.5, 2.1 / 1024)).toEqual({ low: 1, high: 9 });
  });

  test.each([
    [1000, 0.8],
    [1000, 0.1],
    [200, 0.03],
    [40, 0.5],
  ])("leaves out at most half of the significance at either end: n = %d, p = %d", (n, p) => {
    const { low, high } = binomialInterval(n, p, 1e-6);
    expect(cumulative(n, p, low - 1)).toBeLessThan(5e-7);
    expect(cumulative(n, p, low)).toBeGreaterThanOrEqual(5e-7);
    expect(cumulative(n, 1 - p, n - high - 1)).toBeLessThan(5e-7);
    expect(cumulative(n, 1 - p, n - high)).toBeGreaterThanOrEqual(5e-7);
  });

  test("accepts one count only when nothing is left to chance", () => {
    expect(binomialInterval(50, 1)).toEqual({ low: 50, high: 50 });
    expect(binomialInterval(50, 0)).toEqual({ low: 0, high: 0 });
    expect(binomialInterval(0, 0.3)).toEqual({ low: 0, high: 0 });
  });

  test("refuses what is no distribution", () => {
    expect(() => binomialInterval(10, 1.2)).toThrow(RangeError);
    expect(() => binomialInterval(-1, 0.5)).toThrow(RangeError);
    expect(() => binomialInterval(10, Number.NaN)).toThrow(RangeError);
  });
});
