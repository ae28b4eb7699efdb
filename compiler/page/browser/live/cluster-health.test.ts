import { expect, test } from "vitest";
import type { LiveCluster } from "../../../observe/live-report.ts";
import { complaints } from "./cluster-health.ts";

const NONE = { total: 0, perSecond: 0 };
const well: LiveCluster = {
  name: "a",
  requests: { total: 9, perSecond: 10 },
  answers: { "2xx": { total: 9, perSecond: 9 }, "3xx": NONE, "4xx": NONE, "5xx": NONE },
  retries: NONE,
  timeouts: NONE,
  overflows: NONE,
  active: 0,
  endpoints: { total: 3, healthy: 3, ejected: 0 },
};

function wordsOf(cluster: Partial<LiveCluster>): string[] {
  return complaints({ ...well, ...cluster }).map(({ words }) => words);
}

test("nothing is said of what is well", () => {
  expect(wordsOf({})).toEqual([]);
});

test("endpoints that are ejected are not said twice", () => {
  expect(wordsOf({ endpoints: { total: 3, healthy: 1, ejected: 1 } })).toEqual([
    "1 of 3 ejected",
    "1 of 3 unhealthy",
  ]);
  expect(wordsOf({ endpoints: { total: 3, healthy: 0, ejected: 3 } })).toEqual(["none of 3 healthy"]);
});

test("no endpoints are no trouble where nobody asks", () => {
  const endpoints = { total: 0, healthy: 0, ejected: 0 };
  expect(wordsOf({ endpoints })).toEqual(["no endpoints"]);
  expect(wordsOf({ endpoints, requests: NONE })).toEqual([]);
});

test("errors, overflows and timeouts are said by what they are now", () => {
  const answers = { ...well.answers, "5xx": { total: 1, perSecond: 1 } };
  expect(
    wordsOf({ answers, overflows: { total: 1, perSecond: 2 }, timeouts: { total: 5, perSecond: 0 } }),
  ).toEqual(["overflow 2.0/s", "5xx 10 %"]);
});
