import { expect, test } from "vitest";
import { fromFirst } from "./live-state.ts";
import { RateHistory, STEPS } from "./rate-history.ts";

const NONE = { total: 0, perSecond: 0 };

function state(perSecond: number) {
  const requests = { total: 1, perSecond };
  const own = {
    destinations: [],
    redirects: NONE,
    directAnswers: NONE,
    delays: NONE,
    aborts: NONE,
    left: NONE,
    limited: NONE,
  };
  const rules = [{ listener: "mesh", rule: "a", requests, ...own }];
  return fromFirst({ at: 1, windowMs: 1, listeners: [], rules, clusters: [] });
}

test("the oldest comes first, and what stood still is zero", () => {
  const history = new RateHistory();
  for (const rate of [1, 0, 0, 4, 0]) {
    history.push(state(rate));
  }
  expect(history.of("a")).toEqual([1, 0, 0, 4, 0]);
  expect(history.of("unknown")).toEqual([0, 0, 0, 0, 0]);
});

test("a minute is kept, also of what moves again after a longer rest", () => {
  const history = new RateHistory();
  history.push(state(9));
  for (let step = 0; step < 2 * STEPS; step++) {
    history.push(state(0));
  }
  history.push(state(5));
  expect(history.of("a")).toEqual([...Array.from({ length: STEPS - 1 }, () => 0), 5]);
});
