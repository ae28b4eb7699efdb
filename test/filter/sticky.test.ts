/** Splits that are a function of who asks, by many users. */

import { describe, expect, test } from "vitest";
import type { HostRequest } from "../../compiler/answers/request/wire.ts";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { route, table, to } from "../../compiler/back/program/rules.fixture.ts";
import type { Forward, Sticky } from "../../compiler/ir/ir.ts";
import { thoroughly } from "../harness/thorough.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));
const USERS = thoroughly(20_000);
/** Shares and movement may be off by so much of all users. */
const TOLERANCE = 0.01;

type Weights = Readonly<Record<string, number>>;
const BY_HEADER: Sticky = { kind: "header", name: "x-user" };

function splitter(weights: Weights, sticky: Sticky = BY_HEADER) {
  const vm = new FilterVm(FILTER);
  const action = { ...(to(weights) as Forward), sticky };
  const root = vm.configure(encodeProgram(table({ "*": [route(undefined, action)] })));
  if (root === undefined) {
    throw new Error(vm.log.map(({ text }) => text).join("\n"));
  }
  return (request: Partial<HostRequest>) =>
    vm.decide(root, { authority: "a.example", path: "/", ...request }).cluster!;
}

const user = (i: number): Partial<HostRequest> => ({ headers: [["x-user", `user-${i}@example.com`]] });

/** Where each user goes. */
function assign(weights: Weights, sticky?: Sticky, request = user): string[] {
  const split = splitter(weights, sticky);
  return Array.from({ length: USERS }, (_, i) => split(request(i)));
}

function shares(assigned: readonly string[]): Weights {
  const counts: Record<string, number> = {};
  for (const cluster of assigned) {
    counts[cluster] = (counts[cluster] ?? 0) + 1 / assigned.length;
  }
  return counts;
}

function expectShares(assigned: readonly string[], weights: Weights): void {
  const total = Object.values(weights).reduce((a, b) => a + b);
  const found = shares(assigned);
  for (const [cluster, weight] of Object.entries(weights)) {
    expect(Math.abs((found[cluster] ?? 0) - weight / total), `the share of ${cluster}`).toBeLessThan(
      TOLERANCE,
    );
  }
}

/** The part of the users that must move: what the shares that grow gain. */
function leastMoved(before: Weights, after: Weights): number {
  const total = (weights: Weights) => Object.values(weights).reduce((a, b) => a + b);
  const [a, b] = [total(before), total(after)];
  const clusters = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...clusters].reduce(
    (sum, name) => sum + Math.max(0, (after[name] ?? 0) / b - (before[name] ?? 0) / a),
    0,
  );
}

const ADDRESS = (i: number): Partial<HostRequest> => ({
  source:
    i % 2
      ? `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:${40_000 + (i % 9)}`
      : `[2001:db8::${i.toString(16)}]:5`,
});
const COOKIE = (i: number): Partial<HostRequest> => ({ headers: [["cookie", `a=b; id=${i}; c=d`]] });

describe("shares are those of the weights", () => {
  test.each<[Weights, Sticky, typeof user]>([
    [{ v1: 90, v2: 10 }, BY_HEADER, user],
    [{ v1: 1, v2: 1, v3: 1 }, BY_HEADER, user],
    [{ v1: 80, v2: 10, v3: 10 }, { kind: "cookie", name: "id" }, COOKIE],
    [{ v1: 99, v2: 1 }, { kind: "sourceIp" }, ADDRESS],
    [{ v1: 4_294_967_295, v2: 4_294_967_295 }, BY_HEADER, user],
  ])("%j by %j", (weights, sticky, request) => {
    expectShares(assign(weights, sticky, request), weights);
  });
});

describe("when weights change, only users move that must", () => {
  test.each<[string, Weights, Weights]>([
    ["a canary grows", { v1: 90, v2: 10 }, { v1: 80, v2: 20 }],
    ["a canary takes over", { v1: 1, v2: 99 }, { v2: 100 }],
    [
      "one grows against two that keep their proportion",
      { v1: 60, v2: 30, v3: 10 },
      { v1: 40, v2: 20, v3: 40 },
    ],
    ["a third begins", { v1: 60, v2: 40 }, { v1: 54, v2: 36, v3: 10 }],
    ["the same in larger numbers, in another order", { v1: 60, v2: 40 }, { v2: 400, v1: 600 }],
  ])("%s", (_, before, after) => {
    const [old, now] = [assign(before), assign(after)];
    expectShares(now, after);
    const moved = old.filter((cluster, i) => cluster !== now[i]).length / USERS;
    expect(moved - leastMoved(before, after)).toBeLessThan(TOLERANCE);
    if (leastMoved(before, after) === 0) {
      expect(moved).toBe(0);
    }
  });

  test("nobody moves to a destination whose part did not grow", () => {
    const [old, now] = [assign({ v1: 50, v2: 50 }), assign({ v1: 50, v2: 50, v3: 25 })];
    expect(new Set(now.filter((cluster, i) => cluster !== old[i]))).toEqual(new Set(["v3"]));
  });
});

describe("who asks", () => {
  const weights = { v1: 1, v2: 1 };
  const all = (split: ReturnType<typeof splitter>, request: Partial<HostRequest>) =>
    new Set(Array.from({ length: 200 }, () => split(request)));

  test("always comes to the same place", () => {
    const split = splitter(weights);
    for (let i = 0; i < 20; i++) {
      expect(all(split, user(i)).size).toBe(1);
    }
  });

  test.each<[Sticky, Partial<HostRequest>]>([
    [BY_HEADER, {}],
    [BY_HEADER, { headers: [["x-user", ""]] }],
    [{ kind: "cookie", name: "id" }, { headers: [["cookie", "ids=1; xid=2; id="]] }],
    [{ kind: "cookie", name: "id" }, { headers: [["cookie", "id"]] }],
    [{ kind: "sourceIp" }, { source: "" }],
    [{ kind: "sourceIp" }, { source: "@" }],
  ])("is nobody by %j of %j, and the dice decide", (sticky, request) => {
    expect(all(splitter(weights, sticky), request).size).toBe(2);
  });

  test("is told by the cookie wherever it stands, quoted or not", () => {
    const split = splitter({ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 }, { kind: "cookie", name: "id" });
    const of = (...cookies: string[]) => split({ headers: cookies.map((text) => ["cookie", text] as const) });
    const there = of("id=someone");
    for (const cookies of [
      ["x=1;id=someone"],
      ["x=id=1; ;; id=someone ; y=2"],
      ['id="someone"'],
      ["x=1", "id=someone"],
      ["id=someone; id=other"],
    ]) {
      expect(of(...cookies), cookies.join()).toBe(there);
    }
  });

  test("is not told by the port", () => {
    const split = splitter({ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 }, { kind: "sourceIp" });
    const from = (source: string) => split({ source });
    expect(from("10.0.0.1:1")).toBe(from("10.0.0.1:65535"));
    expect(from("[::1]:1")).toBe(from("[::1]:2"));
    expect(new Set(Array.from({ length: 50 }, (_, i) => from(`10.0.0.${i}:1`))).size).toBeGreaterThan(3);
  });

  test("waits and is aborted as its share has it", () => {
    const vm = new FilterVm(FILTER);
    const set = (value: string) => ({ remove: [], write: [{ name: "x-version", value, append: false }] });
    const action: Forward = {
      ...(to("") as Forward),
      destinations: ["v1", "v2"].map((cluster) => ({ cluster, weight: 1, responseHeaders: set(cluster) })),
      sticky: BY_HEADER,
    };
    const delay = { fixedMs: 5, perMillion: 1_000_000 };
    const rules = (abort: boolean) =>
      route(undefined, action, {
        fault: { delay, ...(abort && { abort: { kind: "http", status: 503, perMillion: 1_000_000 } }) },
      });
    const [passing, aborting] = [false, true].map(
      (abort) => vm.configure(encodeProgram(table({ "*": [rules(abort)] })))!,
    ) as [number, number];
    for (let i = 0; i < 20; i++) {
      const request = { authority: "a", path: "/", ...user(i) };
      const { cluster, delayMs } = vm.decide(passing, request);
      expect(delayMs).toBe(5);
      const { status, responseHeaders } = vm.decide(aborting, request);
      expect([status, new Map(responseHeaders).get("x-version")]).toEqual([503, cluster]);
    }
  });
});
