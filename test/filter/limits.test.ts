/** Limits on the rate of requests, as the filter counts them: with others, over time, and of more clients than it tells apart. */

import { expect, test } from "vitest";
import type { HeaderLine } from "../../compiler/answers/request/wire.ts";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { SharedData } from "../../compiler/answers/wasm-host/shared-data.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { exact, ofRule, prefix, route, table, to } from "../../compiler/back/program/rules.fixture.ts";
import type { Route } from "../../compiler/ir/ir.ts";
import { MOST_CLIENTS, type RateLimit } from "../../compiler/ir/rate-limit.ts";
import { LIMIT_SETS, LIMIT_WAYS } from "../../filter/layout.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));

const limit = (more: Partial<RateLimit> = {}): RateLimit => ({
  bucket: "shop/a#1",
  requests: 1,
  periodMs: 1000,
  burst: 1,
  ...more,
});

/** A worker with these rules. */
function worker(rules: readonly Route[], shared: SharedData, listener = "mesh") {
  const vm = new FilterVm(FILTER, 1, shared);
  const rule = { listener, counters: true, names: false };
  const root = vm.configure(encodeProgram(table({ "*": [...rules] }), undefined, undefined, rule))!;
  const ask = (path = "/", headers: readonly HeaderLine[] = [], source?: string) => {
    const { status = 200 } = vm.decide(root, {
      authority: "a.example",
      path,
      headers,
      ...(source !== undefined && { source }),
    });
    return status;
  };
  return { vm, root, ask };
}

const times = (count: number, ask: () => number) => Array.from({ length: count }, () => ask());
const limited = (statuses: readonly number[]) => statuses.filter((status) => status === 429).length;

test("a burst passes at once, and then one request each time a token has come back", () => {
  const only = route(undefined, "a", { rateLimit: limit({ requests: 4, burst: 3 }) });
  const { vm, ask } = worker([only], new SharedData());
  expect(times(4, ask)).toEqual([200, 200, 200, 429]);
  vm.pass(249);
  expect(ask()).toBe(429);
  vm.pass(1);
  expect(times(2, ask)).toEqual([200, 429]);
  vm.pass(10_000);
  expect(times(4, ask)).toEqual([200, 200, 200, 429]);
});

test("the largest and the smallest limits are counted", () => {
  const most = route(exact("/most"), "a", {
    rateLimit: limit({ bucket: "most", requests: 1_000_000, burst: 1_000_000 }),
  });
  const least = route(exact("/least"), "a", {
    rateLimit: limit({ bucket: "least", periodMs: 3_600_000, burst: 1_000_000 }),
  });
  const { vm, ask } = worker([most, least], new SharedData());
  expect(limited(times(1000, () => ask("/most")))).toBe(0);
  expect(limited(times(1000, () => ask("/least")))).toBe(0);
  vm.pass(1);
  expect(ask("/most")).toBe(200);
});

test("all workers share a bucket, and a reload leaves it as it is", () => {
  const only = route(undefined, "a", { rateLimit: limit({ burst: 4 }) });
  const shared = new SharedData();
  const workers = [worker([only], shared), worker([only], shared)];
  expect(workers.flatMap(({ ask }) => times(2, ask))).toEqual([200, 200, 200, 200]);
  expect(workers.map(({ ask }) => ask())).toEqual([429, 429]);
  expect(worker([only], shared).ask()).toBe(429);
});

test("each listener has a bucket of its own", () => {
  const only = route(undefined, "a", { rateLimit: limit() });
  const shared = new SharedData();
  expect(["mesh", "gateway_80"].map((listener) => worker([only], shared, listener).ask())).toEqual([
    200, 200,
  ]);
});

test("what is limited is counted by rule, beside what is not", () => {
  const delay = { fixedMs: 5, perMillion: 1_000_000 };
  const rule = ofRule(
    "shop/a#1",
    route(undefined, to("c"), { rateLimit: limit({ burst: 2 }), fault: { delay } }),
  );
  const { vm, ask } = worker([rule], new SharedData());
  times(5, ask);
  vm.settle();
  const counted = Object.fromEntries(
    [...vm.statistics].map(([name, value]) => [
      name.replace("listener=.=mesh;.;rule=.=shop/a#1;.;", ""),
      value,
    ]),
  );
  expect(counted).toEqual({
    "cluster=.=c;.;sluice_requests_total": 2,
    "fault=.=delay;.;sluice_faults_total": 2,
    sluice_limited_total: 3,
  });
});

test("clients are told apart by their addresses, whatever their ports; who has none has no limit", () => {
  const only = route(undefined, "a", { rateLimit: limit({ by: { kind: "clientAddress" } }) });
  const { ask } = worker([only], new SharedData());
  const from = (source: string) => ask("/", [], source);
  expect(
    ["192.0.2.1:1", "192.0.2.2:1", "192.0.2.1:2", "[2001:db8::1]:1", "[2001:db8::1]:2"].map(from),
  ).toEqual([200, 200, 429, 200, 429]);
  expect(["", ""].map(from)).toEqual([200, 200]);
});

test("more clients take no more memory than those that are told apart", () => {
  expect(LIMIT_SETS * LIMIT_WAYS).toBe(MOST_CLIENTS);
  const only = route(prefix("/"), "a", {
    rateLimit: limit({ periodMs: 3_600_000, by: { kind: "header", name: "x-key" } }),
  });
  const shared = new SharedData();
  const { vm, ask } = worker([only], shared);
  ask();
  vm.settle();
  const { heapAllocations, memoryPages } = vm;
  const clients = 50_000;
  for (let i = 0; i < clients; i++) {
    expect(ask("/", [["x-key", `client ${i}`]])).toBe(200);
  }
  expect(shared.size).toEqual({ names: LIMIT_SETS, bytes: MOST_CLIENTS * 16 });
  expect([vm.heapAllocations, vm.memoryPages]).toEqual([heapAllocations, memoryPages]);
  // Whoever came last is still known.
  expect(ask("/", [["x-key", `client ${clients - 1}`]])).toBe(429);
});

test("of a full set the client that has waited longest gives way, and one whose bucket is full loses nothing", () => {
  const only = route(undefined, "a", {
    rateLimit: limit({ requests: 10, burst: 10, by: { kind: "header", name: "x-key" } }),
  });
  const { vm, ask } = worker([only], new SharedData());
  const greedy: HeaderLine[] = [["x-key", "greedy"]];
  expect(limited(times(11, () => ask("/", greedy)))).toBe(1);
  for (let i = 0; i < 50_000; i++) {
    ask("/", [["x-key", `client ${i}`]]);
  }
  // Of all in its set it has the most to wait for.
  expect(ask("/", greedy)).toBe(429);
  vm.pass(1_000);
  expect(limited(times(11, () => ask("/", greedy)))).toBe(1);
});
