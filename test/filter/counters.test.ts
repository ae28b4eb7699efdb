/**
 * What the filter counts, and when it tells: each request once, under names that reloads do not change, and nothing of it on the
 * way of a request.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { exact, ofRule, prefix, route, table, to } from "../../compiler/back/program/rules.fixture.ts";
import { RULE_STATS, statName } from "../../compiler/back/stat-names.ts";
import type { Fault, Route } from "../../compiler/ir/ir.ts";
import { thoroughly } from "../harness/thorough.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));
const ALWAYS = 1_000_000;

const counted = (hosts: Readonly<Record<string, readonly Route[]>>, listener = "mesh") =>
  encodeProgram(table(hosts), undefined, undefined, { listener, counters: true, names: false });

/** Without the listener, which is the same in all of them. */
function statistics(vm: FilterVm): Record<string, number> {
  return Object.fromEntries(
    [...vm.statistics].map(([name, value]) => [name.replace("listener=.=mesh;.;", ""), value]),
  );
}

test("every request is counted where it ends", () => {
  const vm = new FilterVm(FILTER);
  const delay = { fixedMs: 50, perMillion: ALWAYS };
  const abort = { kind: "http", status: 503, perMillion: ALWAYS } as const;
  const root = vm.configure(
    counted({
      "a.example": [
        ofRule("shop/a#split", route(prefix("/split"), to({ v1: 1, v2: 3 }))),
        ofRule("shop/a#one", route(exact("/one"), "v1"), "mobile"),
        ofRule("shop/a#delay", route(exact("/delay"), "v1", { fault: { delay } })),
        ofRule("shop/a#abort", route(exact("/abort"), "v1", { fault: { abort } })),
        ofRule("shop/a#both", route(exact("/both"), "v1", { fault: { delay, abort } })),
        ofRule("shop/a#there", route(exact("/there"), { kind: "redirect", status: 301, host: "b" })),
        ofRule("shop/a#here", route(exact("/here"), { kind: "directResponse", status: 301, body: "" })),
        route(exact("/own"), "own"),
      ],
      "empty.example": [],
    }),
  )!;
  const ask = (path: string, authority = "a.example") => vm.decide(root, { authority, path });
  for (let i = 0; i < 40; i++) {
    ask("/split");
  }
  for (const path of [
    "/one",
    "/one",
    "/delay",
    "/abort",
    "/both",
    "/there",
    "/here",
    "/own",
    "/none",
    "/none",
  ]) {
    ask(path);
  }
  ask("/", "empty.example");
  ask("/", "b.example");
  vm.end(vm.begin(root, { authority: "a.example", path: "/delay" }));
  expect(vm.statistics.size).toBe(0);
  vm.settle();
  const { "rule=.=shop/a#split;.;cluster=.=v1;.;sluice_requests_total": v1 = 0, ...rest } = statistics(vm);
  expect(v1).toBeGreaterThan(2);
  expect(rest).toEqual({
    "rule=.=shop/a#split;.;cluster=.=v2;.;sluice_requests_total": 40 - v1,
    "rule=.=shop/a#split;.;cluster=.=v1;.;sluice_rule_weight": 1,
    "rule=.=shop/a#split;.;cluster=.=v2;.;sluice_rule_weight": 3,
    "rule=.=shop/a#one;.;match=.=mobile;.;cluster=.=v1;.;sluice_requests_total": 2,
    "rule=.=shop/a#delay;.;cluster=.=v1;.;sluice_requests_total": 1,
    "rule=.=shop/a#delay;.;fault=.=delay;.;sluice_faults_total": 2,
    "rule=.=shop/a#delay;.;sluice_left_total": 1,
    "rule=.=shop/a#abort;.;fault=.=abort;.;sluice_faults_total": 1,
    "rule=.=shop/a#both;.;fault=.=delay;.;sluice_faults_total": 1,
    "rule=.=shop/a#both;.;fault=.=abort;.;sluice_faults_total": 1,
    "rule=.=shop/a#there;.;kind=.=redirect;.;sluice_answers_total": 1,
    "rule=.=shop/a#here;.;kind=.=direct;.;sluice_answers_total": 1,
    "cluster=.=own;.;sluice_requests_total": 1,
    "why=.=rule;.;sluice_unmatched_total": 3,
    "why=.=host;.;sluice_unmatched_total": 1,
  });
});

/** A rule that splits, and its weights. */
const split = (weights: Readonly<Record<string, number>>, rule = "split") =>
  ofRule(`shop/a#${rule}`, route(prefix("/"), to(weights)));

test("a reload goes on counting, and tells new weights by cluster whatever their order", () => {
  const vm = new FilterVm(FILTER);
  let root = vm.configure(counted({ "*": [split({ v1: 80, v2: 20 })] }))!;
  const ask = () => vm.decide(root, { authority: "a", path: "/" });
  const weights = () =>
    Object.fromEntries(
      ["v1", "v2", "v3"].map((cluster) => [
        cluster,
        vm.statistics.get(statName(RULE_STATS.weight, { listener: "mesh", rule: "shop/a#split", cluster })),
      ]),
    );
  const requests = () =>
    [...vm.statistics]
      .filter(([name]) => name.endsWith(RULE_STATS.requests))
      .reduce((sum, [, value]) => sum + value, 0);
  const reload = (rules: readonly Route[]) => {
    const next = vm.configure(counted({ "*": rules }))!;
    vm.deleteRoot(root);
    root = next;
  };
  for (let i = 0; i < 100; i++) {
    ask();
  }
  vm.settle();
  expect(weights()).toEqual({ v1: 80, v2: 20, v3: undefined });
  const defined = vm.definedMetrics;

  // What was not told yet is told when the old program goes.
  ask();
  reload([split({ v2: 70, v1: 30 })]);
  expect(weights()).toEqual({ v1: 30, v2: 70, v3: undefined });
  expect(requests()).toBe(101);
  ask();
  vm.settle();
  expect(requests()).toBe(102);
  expect(vm.definedMetrics).toBe(defined);

  reload([split({ v2: 1, v3: 1 })]);
  expect(weights()).toEqual({ v1: 0, v2: 1, v3: undefined });
  reload([split({ v1: 1 })]);
  expect(weights()).toEqual({ v1: 1, v2: 0, v3: undefined });
  reload([split({ v1: 1, v2: 1 }, "other")]);
  expect(weights()).toEqual({ v1: 0, v2: 0, v3: undefined });
  reload([split({ v1: 5, v2: 6 })]);
  vm.deleteRoot(root);
  expect(weights()).toEqual({ v1: 0, v2: 0, v3: undefined });
});

test("of two destinations that are one cluster the weights are added", () => {
  const vm = new FilterVm(FILTER);
  const destinations = [
    { cluster: "v1", weight: 10, fault: "fault|1|v1" },
    { cluster: "v2", weight: 5 },
    { cluster: "v1", weight: 20 },
  ];
  const action = { ...(to("v1") as Extract<Route["action"], { kind: "forward" }>), destinations };
  const root = vm.configure(counted({ "*": [ofRule("shop/a#x", route(undefined, action))] }))!;
  for (let i = 0; i < 100; i++) {
    vm.decide(root, { authority: "a", path: "/" });
  }
  vm.settle();
  const of = (metric: string, cluster: string) =>
    statistics(vm)[`rule=.=shop/a#x;.;cluster=.=${cluster};.;${metric}`];
  expect([of(RULE_STATS.weight, "v1"), of(RULE_STATS.weight, "v2")]).toEqual([30, 5]);
  expect(of(RULE_STATS.requests, "v1")! + of(RULE_STATS.requests, "v2")!).toBe(100);
  expect(vm.statistics.size).toBe(4);
});

test("of ten thousand rules those are defined that count, sixteen at once", () => {
  const vm = new FilterVm(FILTER);
  const rules = Array.from({ length: 10_000 }, (_, i) =>
    ofRule(`shop/a#${i}`, route(exact(`/${i}`), `c${i % 7}`)),
  );
  const root = vm.configure(counted({ "*": rules }))!;
  for (let i = 0; i < 1000; i++) {
    vm.decide(root, { authority: "a", path: `/${i * 10}` });
  }
  vm.advance(root, 1000);
  expect([vm.definedMetrics, vm.tickOf(root)]).toEqual([16, 10]);
  vm.advance(root, 10);
  expect([vm.definedMetrics, vm.tickOf(root)]).toEqual([32, 10]);
  // Those that are known do not wait for them.
  for (let i = 0; i < 5; i++) {
    vm.decide(root, { authority: "a", path: "/0" });
  }
  vm.advance(root, 10);
  expect(statistics(vm)["rule=.=shop/a#0;.;cluster=.=c0;.;sluice_requests_total"]).toBe(6);
  vm.settle();
  expect([vm.definedMetrics, vm.tickOf(root)]).toEqual([1000, 0]);
  expect([...vm.statistics.values()].reduce((sum, value) => sum + value)).toBe(1005);
});

test("a hundred thousand paths make no name", () => {
  const vm = new FilterVm(FILTER);
  const root = vm.configure(counted({ "a.example": [ofRule("shop/a#x", route(prefix("/a"), "c"))] }))!;
  for (let i = 0; i < 100_000; i++) {
    vm.end(
      vm.begin(root, {
        authority: i % 3 ? "a.example" : `${i}.example`,
        path: i % 2 ? `/a/${i}` : `/b/${i}`,
      }),
    );
  }
  vm.settle();
  expect(vm.statistics.size).toBe(3);
  expect([...vm.statistics.values()].reduce((sum, value) => sum + value)).toBe(100_000);
});

test("a program that goes with much untold leaves nothing behind, in time", () => {
  const vm = new FilterVm(FILTER);
  const rules = (name: string) =>
    counted({
      "*": Array.from({ length: 500 }, (_, i) => ofRule(`shop/${name}#${i}`, route(exact(`/${i}`), "c"))),
    });
  let root = vm.configure(rules("0"))!;
  for (let reload = 1; reload <= 10; reload++) {
    for (let i = 0; i < 500; i++) {
      vm.end(vm.begin(root, { authority: "a", path: `/${i}` }));
    }
    const next = vm.configure(rules(String(reload)))!;
    vm.deleteRoot(root);
    root = next;
    // Not all of it at once.
    expect(vm.definedMetrics).toBeLessThan(reload * 500);
  }
  vm.settle();
  expect(vm.definedMetrics).toBe(5000);
  expect([...vm.statistics.values()].every((value) => value === 1)).toBe(true);
  // The last one takes its leave with all of it, since nothing could tell the rest.
  for (let i = 0; i < 500; i++) {
    vm.end(vm.begin(root, { authority: "a", path: `/${i}` }));
  }
  vm.deleteRoot(root);
  expect(vm.definedMetrics).toBe(5500);
});

test("reloads under load leave the memory as it is", () => {
  const vm = new FilterVm(FILTER);
  const rules = (weight: number) =>
    counted({
      "*": Array.from({ length: 200 }, (_, i) =>
        ofRule(`shop/a#${i}`, route(exact(`/${i}`), to({ v1: 100, v2: weight }))),
      ),
    });
  const programs = [1, 2, 3].map(rules);
  let root = vm.configure(programs[0]!)!;
  let pages = 0;
  for (let reload = 1; reload <= 300; reload++) {
    for (let i = 0; i < 200; i += 7) {
      vm.end(vm.begin(root, { authority: "a", path: `/${i}` }));
    }
    // Some is told while the old program is there, some when it goes.
    if (reload % 2 === 0) {
      vm.settle();
    }
    const next = vm.configure(programs[reload % 3]!)!;
    vm.deleteRoot(root);
    root = next;
    pages = reload === 50 ? vm.memoryPages : pages;
  }
  expect(vm.memoryPages).toBe(pages);
  expect(vm.definedMetrics).toBe(29 * 4);
});

test("a guest counts requests without saying where they went, and no weights", () => {
  const vm = new FilterVm(FILTER);
  const program = Buffer.from(counted({ "*": [split({ v1: 1, v2: 1 })] }, "guest")).toString("base64");
  const root = vm.configure(Buffer.from(JSON.stringify({ program })))!;
  for (let i = 0; i < 10; i++) {
    vm.decide(root, { authority: "a", path: "/" });
  }
  vm.settle();
  expect([...vm.statistics]).toEqual([
    ["listener=.=guest;.;rule=.=shop/a#split;.;sluice_requests_total", 10],
  ]);
});

test("without counters nothing is told, and nothing ticks", () => {
  const vm = new FilterVm(FILTER);
  const root = vm.configure(encodeProgram(table({ "*": [split({ v1: 1, v2: 1 })] })))!;
  vm.decide(root, { authority: "a", path: "/" });
  expect(vm.tickOf(root)).toBe(0);
  vm.deleteRoot(root);
  expect(vm.statistics.size).toBe(0);
});

test("who leaves when its rules are gone takes nobody's tick along", () => {
  const vm = new FilterVm(FILTER);
  const delay = { fixedMs: 5000, perMillion: ALWAYS };
  const program = counted({ "*": [ofRule("shop/a#long", route(undefined, "v1", { fault: { delay } }))] });
  const old = vm.configure(program)!;
  const leaver = vm.begin(old, { authority: "a", path: "/" });
  const root = vm.configure(program)!;
  vm.deleteRoot(old);
  // That it waits is told by now; that it left is then the first to be told.
  vm.pass(1500);
  vm.end(leaver);
  vm.pass(1500);
  expect(statistics(vm)["rule=.=shop/a#long;.;sluice_left_total"]).toBe(1);
  vm.settle();
  const next = vm.begin(root, { authority: "a", path: "/" });
  vm.settle();
  expect(vm.waits(next)).toBe(false);
  vm.end(next);
});

/** What may happen to a filter with several roots, in any order. */
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("ask" as const), root: fc.nat(3), path: fc.nat(5) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("leave" as const), which: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 1500 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("reload" as const), root: fc.nat(3), names: fc.nat(3) }),
  },
);

test("in any order of requests, delays, leavers and reloads the sum is all of them", () => {
  const fault = (fixedMs: number, perMillion: number): Fault => ({
    delay: { fixedMs, perMillion: 500_000 },
    abort: { kind: "http", status: 503, perMillion },
  });
  const program = (listener: string, names: number) =>
    counted(
      {
        "*": [
          ofRule(`shop/a#${names}`, route(exact("/0"), to({ v1: names + 1, v2: 2 }))),
          ofRule("shop/a#delay", route(exact("/1"), to({ v1: 1, v2: 1 }), { fault: fault(700, 500_000) })),
          ofRule("shop/a#long", route(exact("/2"), "v1", { fault: fault(5000, 0) })),
          ofRule(
            "shop/a#direct",
            route(exact("/3"), { kind: "directResponse", status: 200, body: "" }, { fault: fault(3, 1) }),
          ),
          route(exact("/4"), "own"),
        ],
      },
      listener,
    );
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 120 }), (steps) => {
      const vm = new FilterVm(FILTER);
      const roots = [0, 1, 2, 3].map((i) => vm.configure(program(`l${i}`, 0))!);
      const held: number[] = [];
      let asked = 0;
      for (const one of steps) {
        if (one.kind === "ask") {
          held.push(vm.begin(roots[one.root]!, { authority: "a", path: `/${one.path}` }));
          asked += 1;
        } else if (one.kind === "leave" && held.length > 0) {
          const [id] = held.splice(one.which % held.length, 1);
          vm.end(id!);
        } else if (one.kind === "wait") {
          vm.pass(one.ms);
        } else if (one.kind === "reload") {
          const next = vm.configure(program(`l${one.root}`, one.names))!;
          vm.deleteRoot(roots[one.root]!);
          roots[one.root] = next;
        }
      }
      vm.settle();
      expect(roots.map((root) => vm.tickOf(root))).toEqual([0, 0, 0, 0]);
      for (const id of held) {
        expect(vm.waits(id)).toBe(false);
        vm.end(id);
      }
      let ended = 0;
      for (const [name, value] of vm.statistics) {
        ended += name.endsWith(RULE_STATS.weight) || name.includes("fault=.=delay") ? 0 : value;
      }
      expect(ended).toBe(asked);
    }),
    { numRuns: thoroughly(100) },
  );
});

test("rules of which a route of Envoy's answers one can take the place of a split", () => {
  const vm = new FilterVm(FILTER);
  const split = ofRule("shop/a#split", route(prefix("/"), to({ v1: 1, v2: 3 })));
  const bytes = { kind: "directResponse", status: 200, body: "AAAA", base64: true } as const;
  const first = vm.configure(counted({ "a.example": [split] }))!;
  vm.decide(first, { authority: "a.example", path: "/" });
  vm.settle();
  const second = vm.configure(
    counted({
      "a.example": [ofRule("shop/a#bytes", route(exact("/bytes"), bytes)), split],
    }),
  );
  expect(second).toBeDefined();
  vm.deleteRoot(first);
  for (const path of ["/bytes", "/"]) {
    vm.decide(second!, { authority: "a.example", path });
  }
  vm.settle();
  expect(statistics(vm)).toMatchObject({
    "rule=.=shop/a#bytes;.;kind=.=direct;.;sluice_answers_total": 1,
    "rule=.=shop/a#split;.;cluster=.=v2;.;sluice_rule_weight": 3,
  });
});
