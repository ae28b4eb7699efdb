import { describe, expect, test } from "vitest";
import { chanceOfMore } from "./exact-test.ts";

const of = (serverErrors: number, requests: number) => ({ serverErrors, requests });

describe("chanceOfMore", () => {
  test("is Fisher's exact test", () => {
    // The lady who tastes tea: 3 of 4 cups right by chance, 17 in 70; and all four, 1 in 70.
    expect(chanceOfMore(of(3, 4), of(1, 4))).toBeCloseTo(17 / 70, 12);
    expect(chanceOfMore(of(4, 4), of(0, 4))).toBeCloseTo(1 / 70, 12);
    // Half of ten errors each, by count of all ways: C(10,k) C(10,10-k) / C(20,10).
    expect(chanceOfMore(of(8, 10), of(2, 10))).toBeCloseTo((45 * 45 + 10 * 10 + 1) / 184_756, 12);
  });

  test("is not small where the changed ones err no more often", () => {
    expect(chanceOfMore(of(0, 100), of(5, 100))).toBe(1);
    expect(chanceOfMore(of(5, 100), of(5, 100))).toBe(1);
    expect(chanceOfMore(of(0, 0), of(0, 0))).toBe(1);
    expect(chanceOfMore(of(3, 3), of(0, 0))).toBe(1);
  });

  test("agrees with the binomial distribution where the others are very many", () => {
    // 20 of 1000 where one in a hundred is expected: the sum of the upper tail, counted by itself.
    let [term, tail] = [0.99 ** 1000, 0];
    for (let k = 0; k <= 1000; k++) {
      tail += k >= 20 ? term : 0;
      term *= ((1000 - k) / (k + 1)) * (0.01 / 0.99);
    }
    const p = chanceOfMore(of(20, 1000), of(10_000_000, 1_000_000_000));
    expect(p / tail).toBeCloseTo(1, 3);
  });

  test("takes the counts of a large fleet, and ends soon", () => {
    const before = process.cpuUsage();
    expect(chanceOfMore(of(120_000, 100_000_000), of(1_000_000, 1_000_000_000))).toBeLessThan(1e-6);
    expect(chanceOfMore(of(100_200, 100_000_000), of(1_000_000, 1_000_000_000))).toBeGreaterThan(0.1);
    // A few milliseconds of processor time; each request by itself would take minutes.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1_000);
  });
});
