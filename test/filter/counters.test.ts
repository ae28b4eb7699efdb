/**
 * What the filter counts, and when it tells: each request once, under names that reloads do not change, and nothing of it on the
 * way of a request.
 */

import { expect, test } from "vitest";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { exact, ofRule, prefix, route, table, to } from "../../compiler/back/program/rules.fixture.ts";
import type { Route } from "../../compiler/ir/ir.ts";

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
