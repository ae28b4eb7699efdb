/** What is summed of reports, and what is not. Any order of reports, restarts and moves: `fleet-sums.property.test.ts`. */

import { beforeEach, expect, test } from "vitest";
import { RULE_STATS } from "../../back/stat-names.ts";
import { FleetSums } from "./fleet-sums.ts";
import { CLUSTER, configOf, counter, RULES } from "./served.fixture.ts";

const [SPLIT, ALL, PAGES] = RULES as [string, string, string];
const STARTED = 1_800_000_000_000;

let sums: FleetSums;

beforeEach(() => {
  sums = new FleetSums();
  sums.serve([configOf(RULES)], new Set(["shop"]));
  sums.joined("edge-1", true);
});

function report(
  counters: Readonly<Record<string, number>>,
  { after = 5_000, isKnown = true } = {},
): { readonly requests: number; readonly serverErrors: number } {
  const statistics = Object.entries(counters).map(([name, value]) => ({ name, value }));
  return sums.report(
    { proxyId: "edge-1", at: STARTED + after, startedAt: STARTED, statistics },
    isKnown ? "shop" : undefined,
  );
}

test("statistics of rules, clusters and listeners that are served are summed", () => {
  const counters = {
    [counter({ rule: SPLIT })]: 3,
    [counter({ rule: SPLIT }, RULE_STATS.answers, { kind: "redirect" })]: 1,
    [counter({ rule: SPLIT }, RULE_STATS.faults, { fault: "abort" })]: 1,
    [counter({ rule: SPLIT }, RULE_STATS.left)]: 1,
    [counter({ rule: SPLIT }, RULE_STATS.limited)]: 1,
    [counter({}, RULE_STATS.unmatched, { why: "host" })]: 1,
    [`cluster.${CLUSTER};.upstream_rq_2xx`]: 3,
    "http.mesh.downstream_rq_2xx": 3,
  };
  report(counters);
  expect(Object.fromEntries(sums.of("shop"))).toEqual(counters);
  expect(sums.dropped).toBe(0);
});

test.each([
  ["a rule that is not served", counter({ rule: "shop/other#0" })],
  ["a match that it does not have", counter({ rule: SPLIT, match: "2" })],
  ["a cluster that it does not lead to", counter({ rule: SPLIT }, RULE_STATS.requests, { cluster: "other" })],
  ["another listener", counter({ rule: SPLIT, listener: "gateway_80" })],
  ["another fault", counter({ rule: SPLIT }, RULE_STATS.faults, { fault: "reset" })],
  ["a label too many", counter({ rule: SPLIT }, RULE_STATS.left, { why: "rule" })],
  ["another metric", counter({ rule: SPLIT }, "sluice_more_total")],
  ["labels in another order", `wasmcustom.rule=.=${SPLIT};.;listener=.=mesh;.;sluice_left_total`],
  ["a statistic of somebody else's filter", "wasmcustom.requests"],
  ["a cluster that is not served", "cluster.other;.upstream_rq_2xx"],
])("%s is dropped", (_, name) => {
  report({ [name]: 1 });
  expect([sums.of().size, sums.dropped]).toEqual([0, 1]);
});

test.each([-1, 0.5, Number.NaN, 2 ** 60])("%d is not a count", (value) => {
  report({ [counter({ rule: SPLIT })]: value });
  expect([sums.of().size, sums.dropped]).toEqual([0, 1]);
});

test("a hundred thousand labels of a proxy's own leave nothing behind", () => {
  const own = counter({ rule: "shop/hostile#" });
  const statistics = Array.from({ length: 100_000 }, (_, i) => ({
    name: own.replace("hostile#", `hostile#${i}`),
    value: 1,
  }));
  statistics.push({ name: counter({ rule: ALL }), value: 2 });
  sums.report({ proxyId: "edge-1", at: STARTED + 5_000, startedAt: STARTED, statistics }, "shop");
  expect(Object.fromEntries(sums.of())).toEqual({ [counter({ rule: ALL })]: 2 });
  expect(sums.dropped).toBe(100_000);
});

test("rules that are not remembered any more are forgotten, and so are scopes", () => {
  report({ [counter({ rule: SPLIT })]: 3, [counter({ rule: PAGES })]: 4 });
  sums.serve([configOf([PAGES])], new Set(["shop"]));
  expect(Object.fromEntries(sums.of())).toEqual({ [counter({ rule: PAGES })]: 4 });
  sums.serve([configOf([PAGES])], new Set(["bank"]));
  expect(sums.scopes).toEqual([]);
});

test("answers count for a roll-out at any listener but our own", () => {
  const answered = report({
    "http.mesh.downstream_rq_2xx": 8,
    "http.mesh.downstream_rq_5xx": 2,
    "http.elsewhere.downstream_rq_2xx": 5,
    "http.sluice_ready.downstream_rq_2xx": 7,
    "http.admin.downstream_rq_2xx": 7,
    others: 1_000,
  });
  expect(answered).toEqual({ requests: 15, serverErrors: 2 });
  expect(report({ "http.mesh.downstream_rq_2xx": 9 }, { after: 10_000 })).toEqual({
    requests: 1,
    serverErrors: 0,
  });
  expect(sums.dropped).toBe(0);
});

test("while it is not known what is served, answers count, and the sums wait", () => {
  const counters = { [counter({ rule: SPLIT })]: 3, "http.mesh.downstream_rq_2xx": 3 };
  expect(report(counters, { isKnown: false }).requests).toBe(3);
  expect(sums.of().size).toBe(0);
  expect(report(counters, { after: 10_000 }).requests).toBe(0);
  expect(Object.fromEntries(sums.of())).toEqual(counters);
});

test("of a counter that has been removed with its listener, one of the same name begins anew", () => {
  report({ [counter({ rule: SPLIT })]: 3, "http.mesh.downstream_rq_2xx": 3 });
  report({ [counter({ rule: SPLIT })]: 3 }, { after: 10_000 });
  report({ [counter({ rule: SPLIT })]: 4, "http.mesh.downstream_rq_2xx": 5 }, { after: 15_000 });
  expect(Object.fromEntries(sums.of())).toEqual({
    [counter({ rule: SPLIT })]: 4,
    "http.mesh.downstream_rq_2xx": 8,
  });
});

test("a proxy's clock that is set back stops nothing", () => {
  report({ [counter({ rule: SPLIT })]: 3 }, { after: 3_600_000 });
  report({ [counter({ rule: SPLIT })]: 5 });
  expect(sums.of().get(counter({ rule: SPLIT }))).toBe(5);
});
