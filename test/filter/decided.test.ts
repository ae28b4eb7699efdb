/** The filter tells which route a request took, and which destination of a split it got. */

import { expect, test } from "vitest";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { exact, prefix, route, table, to } from "../../compiler/back/program/rules.fixture.ts";
import type { Action, Route } from "../../compiler/ir/ir.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));
const ALWAYS = 1_000_000;
const SPLIT = to({ a: 1, b: 1, c: 1 });

function ask(routes: Readonly<Record<string, readonly Route[]>>, path: string, authority = "a.example") {
  const vm = new FilterVm(FILTER);
  const root = vm.configure(encodeProgram(table(routes)))!;
  return vm.decide(root, { authority, path });
}

test("routes are counted over all hosts", () => {
  const routes = {
    "a.example": [route(exact("/1"), "x"), route(exact("/2"), "x")],
    "b.example": [route(exact("/1"), "x"), route(prefix("/"), "x")],
  };
  expect(ask(routes, "/2").route).toBe(1);
  expect(ask(routes, "/1", "b.example").route).toBe(2);
  expect(ask(routes, "/2", "b.example").route).toBe(3);
});

test("a request that no rule takes has no route, even after one that had", () => {
  const vm = new FilterVm(FILTER);
  const root = vm.configure(encodeProgram(table({ "*": [route(exact("/split"), SPLIT)] })))!;
  expect(vm.decide(root, { authority: "a", path: "/split" })).toMatchObject({ route: 0 });
  const decision = vm.decide(root, { authority: "a", path: "/" });
  expect(decision).not.toHaveProperty("route");
  expect(decision).not.toHaveProperty("destination");
});

test.each(["drawn", "sticky"])("destinations of a split that is %s", (kind) => {
  const action: Action =
    kind === "sticky" ? ({ ...SPLIT, sticky: { kind: "header", name: "x-user" } } as Action) : SPLIT;
  const vm = new FilterVm(FILTER);
  const root = vm.configure(encodeProgram(table({ "*": [route(undefined, action)] })))!;
  const seen = new Set<number | undefined>();
  for (let i = 0; i < 100; i++) {
    const { cluster, destination } = vm.decide(root, {
      authority: "a",
      path: "/",
      headers: [["x-user", `u${i}`]],
    });
    expect(cluster).toBe(["a", "b", "c"][destination!]);
    seen.add(destination);
  }
  expect(seen).toEqual(new Set([0, 1, 2]));
});

test("nothing is drawn where one destination or an answer is all there is", () => {
  const routes = [
    route(exact("/split"), SPLIT),
    route(exact("/one"), "x"),
    route(exact("/answer"), { kind: "redirect", status: 301, host: "b" }),
  ];
  const vm = new FilterVm(FILTER);
  const root = vm.configure(encodeProgram(table({ "*": routes })))!;
  for (const [index, path] of [
    [1, "/one"],
    [2, "/answer"],
  ] as const) {
    expect(vm.decide(root, { authority: "a", path: "/split" })).toHaveProperty("destination");
    const decision = vm.decide(root, { authority: "a", path });
    expect(decision.route).toBe(index);
    expect(decision).not.toHaveProperty("destination");
  }
});

test("an abort and a delay keep what was drawn", () => {
  const delayed = { delay: { fixedMs: 5, perMillion: ALWAYS } };
  const aborted = { abort: { kind: "http", status: 503, perMillion: ALWAYS } } as const;
  for (const fault of [delayed, aborted, { ...delayed, ...aborted }]) {
    const decision = ask({ "*": [route(undefined, SPLIT, { fault })] }, "/");
    expect(decision.route).toBe(0);
    expect([0, 1, 2]).toContain(decision.destination);
  }
});
