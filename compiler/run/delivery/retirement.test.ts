import { expect, test } from "vitest";
import { emitResources } from "../../back/xds/resources.ts";
import { testCluster, testListener, testOptions, testRoute } from "../../back/xds/testing.ts";
import type { Config, Forward, Listener, UpstreamFault } from "../../ir/ir.ts";
import { ForeignResource } from "../ads/foreign.ts";
import { drainFactsOf } from "./drain-facts.ts";
import type { Leftover } from "./removal.ts";
import { Retirement, type RetirementTimes } from "./retirement.ts";

const TIMES: RetirementTimes = { rules: () => 10, connections: 100 };

const to = (cluster: string, fault?: string) => {
  const forward = testRoute().action as Forward;
  const destinations = [{ cluster, weight: 1, ...(fault !== undefined && { fault }) }];
  return testRoute({ action: { ...forward, destinations } });
};

function rules(listeners: readonly Listener[], clusters: readonly string[], faults: UpstreamFault[] = []) {
  const config: Config = {
    listeners,
    clusters: clusters.map((name) => testCluster({ name })),
    ...(faults.length > 0 && { upstreamFaults: faults }),
  };
  const blobs = new Map(listeners.map(({ name }) => [name, Uint8Array.of(1)]));
  return {
    drain: drainFactsOf(config),
    filtered: new Set(blobs.keys()),
    resources: emitResources(config, testOptions({ blobs })),
  };
}

const mesh = (...clusters: string[]) => testListener(clusters.map((name) => to(name)));
const edge = (...clusters: string[]) =>
  testListener(
    clusters.map((name) => to(name)),
    { name: "edge", port: 1 },
  );

/** How long from 0 on. */
function stays(retirement: Retirement, leftover: Leftover): number {
  for (let now = 0; now < 1_000; now++) {
    if (!retirement.stays(leftover, now)) {
      return now;
    }
  }
  return Number.POSITIVE_INFINITY;
}

test("a cluster stays for what rules have decided, and its endpoints with it", () => {
  const retirement = new Retirement(TIMES);
  retirement.replace(rules([mesh("a")], ["a"]), rules([mesh("b")], ["b"]), 0);
  expect(stays(retirement, { type: "cluster", name: "a" })).toBe(10);
  expect(stays(retirement, { type: "endpoints", name: "a" })).toBe(10);
  expect(retirement.next(0)).toBe(10);
  expect(retirement.next(10)).toBeUndefined();
});

test("later rules put nothing off; older ones may have given more time", () => {
  const asTheySay: RetirementTimes = { rules: (requestsMs) => requestsMs, connections: 0 };
  const retirement = new Retirement(asTheySay);
  const [slow, a, b] = ["slow", "a", "b"].map((name) => {
    const made = rules([mesh(name)], [name]);
    return { ...made, drain: { ...made.drain, requestsMs: name === "slow" ? 50 : 10 } };
  });
  retirement.replace(slow!, a!, 0);
  retirement.replace(a!, b!, 5);
  expect(stays(retirement, { type: "cluster", name: "slow" })).toBe(50);
  expect(stays(retirement, { type: "cluster", name: "a" })).toBe(15);
  // It comes back and goes again before the requests of the first rules are over.
  retirement.replace(b!, slow!, 20);
  const quick = new Retirement({ ...asTheySay, rules: () => 10 });
  quick.replace(slow!, a!, 0);
  expect(stays(quick, { type: "cluster", name: "slow" })).toBe(10);
});

test("a listener goes at once; its rules and clusters stay for its connections", () => {
  const retirement = new Retirement(TIMES);
  const [both, one] = [rules([mesh("a"), edge("b")], ["a", "b"]), rules([mesh("a")], ["a", "b"])];
  retirement.replace(both, one, 0);
  expect(stays(retirement, { type: "listener", name: "edge" })).toBe(0);
  expect(stays(retirement, { type: "extension", name: "edge" })).toBe(100);
  expect(stays(retirement, { type: "routes", name: "edge" })).toBe(100);
  // Its cluster is removed by a later change, and stays as long all the same; another one does not.
  retirement.replace(one, rules([mesh("c")], ["c"]), 30);
  expect(stays(retirement, { type: "cluster", name: "b" })).toBe(100);
  expect(stays(retirement, { type: "cluster", name: "a" })).toBe(40);
});

test("a listener that Envoy's own routes decide for from now on is another one to its connections", () => {
  const retirement = new Retirement(TIMES);
  retirement.replace(rules([mesh("a")], ["a"]), { ...rules([mesh("b")], ["b"]), filtered: new Set() }, 0);
  expect(stays(retirement, { type: "cluster", name: "a" })).toBe(100);
});

test("a fault before a cluster stays as long as the cluster, its listener inside of Envoy too", () => {
  const { retry } = testRoute().action as Forward;
  const fault = { name: "fault|1|a", cluster: "a", fault: {}, retry };
  const listener = testListener([to("a", fault.name)]);
  const before = rules([listener, edge("a")], ["a"], [fault]);
  const retirement = new Retirement(TIMES);
  retirement.replace(before, rules([listener], ["a"], [fault]), 0);
  retirement.replace(rules([listener], ["a"], [fault]), rules([mesh("b")], ["b"]), 0);
  expect(stays(retirement, { type: "cluster", name: fault.name })).toBe(10);
  expect(stays(retirement, { type: "listener", name: fault.name })).toBe(10);
  expect(stays(retirement, { type: "cluster", name: "a" })).toBe(100);
});

test("a cluster that nobody here has made stays for connections of which nothing is known", () => {
  const retirement = new Retirement(TIMES);
  const [last, next] = [rules([mesh("a")], ["a"]), rules([mesh("b")], ["b"])];
  const cluster = new Map([...last.resources.cluster, ["old", new ForeignResource("cluster", "old", "1")]]);
  retirement.replace({ ...last, resources: { ...last.resources, cluster } }, next, 0);
  expect(stays(retirement, { type: "cluster", name: "old" })).toBe(100);
  expect(stays(retirement, { type: "cluster", name: "a" })).toBe(10);
});
