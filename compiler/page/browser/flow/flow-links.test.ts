import { expect, test } from "vitest";
import type { LiveReport } from "../../../observe/live-report.ts";
import type { RulesView, RuleView } from "../../api.ts";
import { fromFirst } from "../live/live-state.ts";
import { CalmRates } from "./calm-rates.ts";
import { FlowWays, placeText } from "./flow-links.ts";

const NONE = { total: 0, perSecond: 0 };

function rule(id: string, name: string, match?: string): RuleView {
  const own = { conditions: [], file: 0, line: 1, lastLine: 1, listeners: ["mesh"], destinations: [] };
  return { id, name, resource: `VirtualService ${id.split("#")[0]}`, ...(match && { match }), ...own };
}

const view: RulesView = {
  generation: 1,
  servedSince: 0,
  title: "",
  version: "",
  target: "wasm",
  counts: "all",
  files: [],
  rules: [
    rule("a/x#main", "main", "1"),
    rule("a/x#main", "main", "2"),
    rule("a/y#main", "main"),
    rule("a/y#in", "in"),
  ],
  listeners: [
    {
      name: "mesh",
      address: "",
      role: "mesh",
      tls: false,
      counted: true,
      hosts: [
        { name: "x:80", domains: ["x.a.svc", "x"], rules: [0, 1] },
        { name: "y:80", domains: ["y"], rules: [2, 3] },
        { name: "z:80", domains: ["z"], rules: [3] },
      ],
    },
  ],
  clusters: ["one", "two"],
  findings: [],
};

function links(rules: LiveReport["rules"], unmatched = 0) {
  const answers = { "2xx": NONE, "3xx": NONE, "4xx": NONE, "5xx": NONE };
  const noRule = { total: unmatched, perSecond: unmatched };
  const listeners = [{ name: "mesh", requests: NONE, unknownHost: NONE, noRule, answers }];
  return new FlowWays(view).links(fromFirst({ at: 1, windowMs: 1000, listeners, rules, clusters: [] }));
}

function live(id: string, perSecond: number, more: object = {}): LiveReport["rules"][number] {
  const requests = { total: perSecond, perSecond };
  const destinations = [{ cluster: "one", requests }];
  const own = { redirects: NONE, directAnswers: NONE, delays: NONE, aborts: NONE, left: NONE, limited: NONE };
  return { listener: "mesh", rule: id, requests, destinations, ...own, ...more };
}

function titles(all: ReturnType<typeof links>) {
  return all.map(({ from, rule: of, to, perSecond }) => [placeText(from), of.title, to.title, perSecond]);
}

test("from listener and host over the rule to what it was sent to, or what was done instead", () => {
  expect(titles(links([live("a/y#main", 3, { aborts: { total: 1, perSecond: 1 } })]))).toEqual([
    ["mesh · y", "a/y main", "one", 3],
    ["mesh · y", "a/y main", "aborted", 1],
  ]);
});

test("a rule of several hosts says so; a name that is there once stands alone", () => {
  expect(titles(links([live("a/y#in", 1)]))).toEqual([["mesh · y and 1 more", "in", "one", 1]]);
});

test("what no rule took ends at a 404; what stands still is not drawn", () => {
  expect(titles(links([live("a/y#in", 0)], 2))).toEqual([
    ["mesh · known hosts", "no rule", "404 by Envoy", 2],
  ]);
});

test("a rule that is not written any more is still shown", () => {
  expect(titles(links([live("a/gone#1", 1)]))).toEqual([["mesh", "a/gone#1", "one", 1]]);
});

test("matches of one rule are one way, and a way that ends fades", () => {
  const calm = new CalmRates();
  const both = links([live("a/x#main", 1, { match: "1" }), live("a/x#main", 2, { match: "2" })]);
  expect(calm.take(both).map(({ perSecond }) => perSecond)).toEqual([3]);
  const fading = [calm.take([])[0]!.perSecond, calm.take([])[0]!.perSecond];
  expect(fading[0]).toBeLessThan(3);
  expect(fading[1]).toBeLessThan(fading[0]!);
  for (let report = 0; report < 20; report++) {
    calm.take([]);
  }
  expect(calm.take([])).toEqual([]);
});
