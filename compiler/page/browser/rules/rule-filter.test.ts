import { expect, test } from "vitest";
import type { RulesView, RuleView } from "../../api.ts";
import { fromFirst } from "../live/live-state.ts";
import { byTraffic, filterGroups, type RuleFlag } from "./rule-filter.ts";
import { groupRules } from "./rule-group.ts";

const NONE = { total: 0, perSecond: 0 };

function rule(name: string, more: Partial<RuleView> = {}): RuleView {
  const place = { file: 0, line: 1, lastLine: 1, listeners: ["mesh"] };
  return { id: `shop/cart#${name}`, name, resource: "", conditions: [], destinations: [], ...place, ...more };
}

const rules = [
  rule("slow", { conditions: ['uri prefix "/Cart"'], delay: { ms: 1, percent: 1 } }),
  rule("split", { destinations: [{ cluster: "outbound|80|v2|cart", line: 1, weight: 1 }] }),
  rule("idle"),
];
const view: RulesView = {
  generation: 1,
  servedSince: 0,
  title: "",
  version: "",
  target: "wasm",
  counts: "all",
  files: [{ path: "rules/cart.yaml", lines: 3 }],
  rules,
  listeners: [
    {
      name: "mesh",
      address: "",
      role: "mesh",
      tls: false,
      counted: true,
      hosts: [{ name: "cart", domains: ["cart.example"], rules: [0] }],
    },
  ],
  clusters: [],
  findings: [],
};
const share = { wanted: 0.5, seen: 0.9, low: 0.8, high: 0.95, of: 100, agrees: false };
const live = fromFirst({
  at: 1,
  windowMs: 1000,
  listeners: [],
  clusters: [],
  rules: ["slow", "split"].map((name, index) => ({
    listener: "mesh",
    rule: `shop/cart#${name}`,
    requests: { total: 9, perSecond: index },
    destinations: index === 1 ? [{ cluster: "outbound|80|v2|cart", requests: NONE, share }] : [],
    redirects: NONE,
    directAnswers: NONE,
    delays: NONE,
    aborts: NONE,
    left: NONE,
    limited: NONE,
  })),
});
const groups = groupRules(view);

function found(text: string, ...flags: RuleFlag[]): string[] {
  return filterGroups(groups, { text, flags: new Set(flags) }, live).map((group) => group.view.name);
}

test.each([
  ["", ["slow", "split", "idle"]],
  ["SPLIT", ["split"]],
  ["/cart", ["slow", "split", "idle"]],
  ["/cart slow", ["slow"]],
  ["cart.example", ["slow"]],
  ["v2|cart", ["split"]],
  ["cart.yaml idle", ["idle"]],
  ["nothing", []],
])("by name, path, host, cluster and file: %j", (text, names) => {
  expect(found(text)).toEqual(names);
});

test("by what they do", () => {
  expect(found("", "unused")).toEqual(["idle"]);
  expect(found("", "offWeight")).toEqual(["split"]);
  expect(found("", "faults")).toEqual(["slow"]);
  expect(found("", "faults", "unused")).toEqual([]);
});

test("the busiest first", () => {
  expect(byTraffic(groups, live).map((group) => group.view.name)).toEqual(["split", "slow", "idle"]);
});
