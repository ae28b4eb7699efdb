import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SamplingRate } from "./sampling-rate.ts";

const MOST = 200;

describe("SamplingRate", () => {
  test("little traffic is sampled as was asked for", () => {
    const rate = new SamplingRate();
    rate.want({ percent: 25, mostPerSecond: MOST }, 0);
    for (let now = 0; now < 10_000; now += 200) {
      expect(rate.take(10, now)).toBe(10);
      rate.pass(now);
    }
    expect(rate.percent).toBe(25);
  });

  /** What a steady traffic makes of it; `percents` by the second. */
  function afterwards(perSecond: number, seconds: number, rate: SamplingRate, from = 0) {
    let most = 0;
    let taken = 0;
    for (let now = from; now < from + seconds * 1000; now += 200) {
      if ((now - from) % 1000 === 0) {
        most = Math.max(most, taken);
        taken = 0;
      }
      taken += rate.take(Math.round((perSecond / 5) * (rate.percent / 100)), now);
      rate.pass(now);
    }
    return Math.max(most, taken);
  }

  test("too much is lowered until it fits, and raised again when there is room", () => {
    const rate = new SamplingRate();
    rate.want({ percent: 100, mostPerSecond: MOST }, 0);
    expect(afterwards(20_000, 4, rate)).toBeLessThanOrEqual(MOST);
    expect(rate.percent).toBeLessThanOrEqual(1);
    expect(rate.percent).toBeGreaterThan(0.4);
    afterwards(10, 20, rate, 4_000);
    expect(rate.percent).toBe(100);
  });

  test("whatever comes, no second has more than is allowed, and the percentage is within what was asked for", () => {
    const step = fc.record({
      ms: fc.integer({ min: 0, max: 400 }),
      count: fc.integer({ min: 0, max: 5_000 }),
    });
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 100, noNaN: true }), fc.array(step), (percent, steps) => {
        const rate = new SamplingRate();
        rate.want({ percent, mostPerSecond: MOST }, 0);
        let now = 0;
        const taken: [number, number][] = [];
        for (const { ms, count } of steps) {
          now += ms;
          const allowed = rate.take(count, now);
          expect(allowed).toBeLessThanOrEqual(count);
          taken.push([now, allowed]);
          rate.pass(now);
          expect(rate.percent).toBeGreaterThan(0);
          expect(rate.percent).toBeLessThanOrEqual(percent);
        }
        for (const [start] of taken) {
          const within = taken.filter(([at]) => at >= start && at < start + 1000);
          // Seconds begin anywhere: two of them may touch.
          expect(within.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(2 * MOST);
        }
      }),
    );
  });

  test("nobody wants anything: nothing", () => {
    const rate = new SamplingRate();
    rate.want({ percent: 100, mostPerSecond: MOST }, 0);
    rate.want({ percent: 0, mostPerSecond: 0 }, 10);
    expect([rate.percent, rate.take(5, 20)]).toEqual([0, 0]);
    rate.pass(5_000);
    expect(rate.percent).toBe(0);
  });
});
