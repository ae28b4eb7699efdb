import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binomialInterval, likelyProbability } from "./binomial.ts";

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

describe("likelyProbability", () => {
  test.each([
    // Of tables: https://www.itl.nist.gov/div898/handbook/prc/section2/prc241.htm has the method.
    [0, 10, 0, 0.4113],
    [10, 10, 0.5887, 1],
    [1, 10, 0.0005, 0.5443],
    [5, 10, 0.1283, 0.8717],
    [0, 0, 0, 1],
  ])("%d of %d", (k, n, low, high) => {
    const interval = likelyProbability(k, n);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  test("leaves out half a percent at either end, exactly", () => {
    for (const [k, n] of [
      [3, 40],
      [37, 40],
      [20, 200],
      [1, 500],
    ] as const) {
      const { low, high } = likelyProbability(k, n);
      expect(1 - cumulative(n, low, k - 1)).toBeCloseTo(0.005, 7);
      expect(cumulative(n, high, k)).toBeCloseTo(0.005, 7);
    }
  });

  test("both ways meet where one takes over from the other", () => {
    for (const n of [1_000, 100_000, 10_000_000]) {
      const [exact, score] = [likelyProbability(100, n), likelyProbability(101, n)];
      expect(exact.low).toBeLessThan(score.low);
      expect(exact.high).toBeLessThan(score.high * 1.02);
      expect(exact.high).toBeGreaterThan(score.high * 0.97);
    }
  });

  test("is in order, holds what was seen, and takes no time for any count", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, part) => {
          const k = Math.round(n * part);
          const { low, high } = likelyProbability(k, n);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(1);
          if (n > 0) {
            expect(low).toBeLessThanOrEqual(k / n);
            expect(high).toBeGreaterThanOrEqual(k / n);
          }
        },
      ),
    );
  });

  test.each([0.001, 0.01, 0.1, 0.2, 0.5, 0.9, 0.999])(
    "holds the probability %d in 985 of 1,000 runs",
    (p) => {
      const random = generator(`${p}`);
      let held = 0;
      for (let run = 0; run < RUNS; run++) {
        const n = 20 + Math.floor(random() * 3000);
        const { low, high } = likelyProbability(successes(random, n, p), n);
        held += low <= p && p <= high ? 1 : 0;
      }
      expect(held).toBeGreaterThanOrEqual(0.985 * RUNS);
    },
  );

  test("tells 10 % from the 20 % that were wanted within 500 requests", () => {
    const random = generator("wrong");
    let told = 0;
    for (let run = 0; run < RUNS; run++) {
      told += likelyProbability(successes(random, 500, 0.1), 500).high < 0.2 ? 1 : 0;
    }
    expect(told).toBeGreaterThanOrEqual(0.99 * RUNS);
  });
});

const RUNS = 1_000;

/** Mulberry32: the same numbers in every run of the tests. */
function generator(seed: string): () => number {
  let state = [...seed].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) | 0, 7);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function successes(random: () => number, n: number, p: number): number {
  let count = 0;
  for (let i = 0; i < n; i++) {
    count += random() < p ? 1 : 0;
  }
  return count;
}
