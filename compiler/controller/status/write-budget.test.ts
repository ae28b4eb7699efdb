import fc from "fast-check";
import { expect, test } from "vitest";
import { WriteBudget } from "./write-budget.ts";

test("a burst goes through, and then so many a second", () => {
  const budget = new WriteBudget(10, 3);
  expect([0, 0, 0, 0, 0].map((now) => budget.take(now))).toEqual([0, 0, 0, 100, 200]);
  // What was taken beforehand is paid back first.
  expect(budget.take(300)).toBe(0);
});

test("whoever waits as told never uses more than the burst and the rate", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 60 }), (pauses) => {
      const budget = new WriteBudget(10, 5);
      const used: number[] = [];
      let now = 0;
      for (const pause of pauses) {
        now += pause;
        now += budget.take(now);
        used.push(now);
      }
      for (const [i, start] of used.entries()) {
        const within = used.slice(i).filter((at) => at < start + 1_000).length;
        expect(within).toBeLessThanOrEqual(5 + 10 + 1);
      }
    }),
  );
});
