/**
 * A request takes nothing from the filter's heap, whatever becomes of it: headers and scratch space stand in an arena
 * that is there already. What takes room, and keeps it, is the first request of a kind that needs more of it.
 */

import { expect, test } from "vitest";
import type { HostRequest } from "../../compiler/answers/request/wire.ts";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import {
  exact,
  header,
  ofRule,
  prefix,
  present,
  regex,
  route,
  table,
  to,
} from "../../compiler/back/program/rules.fixture.ts";
import type { Action, Fault, Forward, Route } from "../../compiler/ir/ir.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));
const WARM_UP = 50;
const TIMES = 500;

const ALWAYS = 1_000_000;
const write = (name: string, value: string) => ({ name, value, append: false });
const forward = (more: Partial<Forward>): Action => ({ ...(to("c") as Forward), ...more });
const faulty = (fault: Fault) => ({ fault });
const many = (count: number, make: (i: number) => Route) => Array.from({ length: count }, (_, i) => make(i));
const value = "v".repeat(500);

/** What is asked, of which rules, and what must become of it, lest something else is measured. */
const CASES: Readonly<Record<string, readonly [readonly Route[], Partial<HostRequest>, object]>> = {
  "an exact path of many": [
    many(1000, (i) => route(exact(`/${i}`), "c")),
    { path: "/999" },
    { cluster: "c" },
  ],
  "nested prefixes": [
    many(100, (i) => route(prefix("/x".repeat(100 - i)), "c")),
    { path: "/x".repeat(80) },
    { cluster: "c" },
  ],
  "no route": [[route(exact("/other"), "c")], {}, { status: 404 }],
  "a DFA of many expressions": [
    many(100, (i) => route(regex(`/api/v[0-9]+/s-${i}/[^/]+`), "c")),
    { path: "/api/v1/s-99/x" },
    { cluster: "c" },
  ],
  "what a path contains, of many": [
    many(1000, (i) => route(regex(`.*x${i}${i % 2 ? "y" : "[yz]"}.*`), "c")),
    { path: "/a/x998y/x999y" },
    { cluster: "c" },
  ],
  "an expression that is simulated": [
    [route(regex("/(a|b)*a(a|b){40}"), "c")],
    { path: `/${"ab".repeat(60)}a${"b".repeat(40)}` },
    { cluster: "c" },
  ],
  "headers and query parameters": [
    many(50, (i) =>
      route(prefix("/"), "c", {
        headers: [header(`x-${i}`, present), header("x-b", exact("no"), { invert: true })],
        queryParams: [{ name: "q", match: regex("[0-9]+") }],
      }),
    ),
    { path: "/?p=1&q=22", headers: [["x-7", value]] },
    { cluster: "c" },
  ],
  "rules that only bits tell apart": [
    many(64, (i) =>
      route(prefix("/"), `c${i}`, {
        headers: [header("x-a", prefix("a".repeat(64 - i))), header("x-b", exact("1"), { invert: true })],
      }),
    ),
    { headers: [["x-a", "aaa"]] },
    { cluster: "c61" },
  ],
  "a split": [[route(undefined, to({ a: 1, b: 2, c: 3 }))], {}, { outcome: "forward" }],
  "retries and a timeout": [
    [
      route(undefined, {
        ...(to("c") as Forward),
        timeoutMs: 5,
        retry: { ...(to("c") as Forward).retry, attempts: 3 },
      }),
    ],
    {},
    { cluster: "c" },
  ],
  "what Envoy's route must do": [
    [route(undefined, forward({ mirrors: [{ cluster: "m", perMillion: ALWAYS }] }))],
    {},
    { cluster: "c" },
  ],
  "a path, a host and headers rewritten": [
    [
      route(
        prefix("/x"),
        forward({
          rewrite: { kind: "matched", value: "/to" },
          hostRewrite: "b",
          requestHeaders: { remove: ["x-a"], write: [write("x-b", value)] },
        }),
      ),
    ],
    { path: `/x/${value}`, headers: [["x-a", value]] },
    { cluster: "c" },
  ],
  "a redirect": [
    [route(undefined, { kind: "redirect", status: 301, host: "b" })],
    { path: `/${value}` },
    { status: 301 },
  ],
  "a direct response": [
    [route(undefined, { kind: "directResponse", status: 418, body: value } as unknown as Action)],
    {},
    { status: 418 },
  ],
  "an abort": [
    [route(undefined, "c", faulty({ abort: { kind: "http", status: 503, perMillion: ALWAYS } }))],
    {},
    { status: 503 },
  ],
  "an abort of gRPC": [
    [route(undefined, "c", faulty({ abort: { kind: "grpc", status: 14, perMillion: ALWAYS } }))],
    {},
    { grpcStatus: 14 },
  ],
  "a delay, and then an abort": [
    [
      route(
        undefined,
        to({ a: 1, b: 1 }),
        faulty({
          delay: { fixedMs: 5, perMillion: ALWAYS },
          abort: { kind: "http", status: 503, perMillion: ALWAYS },
        }),
      ),
    ],
    {},
    { status: 503, delayMs: 5 },
  ],
  "forged headers": [
    [route(undefined, "c")],
    { headers: [["x-sluice-cluster", "stolen"]] },
    { cluster: "c" },
  ],
};

const RULES = {
  plain: undefined,
  counted: { listener: "mesh", counters: true, names: false },
  "counted and named": { listener: "mesh", counters: true, names: true },
};
const ALL = Object.entries(CASES).flatMap(([name, one]) =>
  Object.entries(RULES).map(([how, rules]) => [name, how, rules, ...one] as const),
);

test.each(ALL)("%s, %s", (_, _how, rules, routes, request, expected) => {
  const vm = new FilterVm(FILTER);
  const named = routes.map((one, i) => ofRule(`shop/a#${i}`, one));
  const root = vm.configure(encodeProgram(table({ "*": named }), undefined, undefined, rules));
  if (root === undefined) {
    throw new Error(vm.log.map(({ text }) => text).join("\n"));
  }
  const ask = () => vm.decide(root, { authority: "a.example", path: "/", ...request });
  expect(ask()).toMatchObject(expected);
  for (let i = 0; i < WARM_UP; i++) {
    ask();
  }
  // To tell a statistic for the first time takes room, from a tick.
  vm.settle();
  const before = vm.heapAllocations;
  for (let i = 0; i < TIMES; i++) {
    ask();
  }
  expect(vm.heapAllocations - before).toBe(0);
});

test("many that wait at once, again and again", () => {
  const vm = new FilterVm(FILTER);
  const delayed = route(undefined, "c", faulty({ delay: { fixedMs: 5, perMillion: ALWAYS } }));
  const root = vm.configure(encodeProgram(table({ "*": [delayed] })))!;
  const wave = () => {
    const waiting = Array.from({ length: TIMES }, () => vm.begin(root, { authority: "a", path: "/" }));
    vm.advance(root, 5);
    for (const id of waiting) {
      expect(vm.waits(id)).toBe(false);
      vm.end(id);
    }
  };
  wave();
  const before = vm.heapAllocations;
  for (let i = 0; i < 5; i++) {
    wave();
  }
  expect(vm.heapAllocations - before).toBe(0);
});

test("a program does take room, so that the count counts", () => {
  const vm = new FilterVm(FILTER);
  const before = vm.heapAllocations;
  vm.configure(encodeProgram(table({ "*": [route(undefined, "c")] })));
  expect(vm.heapAllocations).toBeGreaterThan(before);
});
