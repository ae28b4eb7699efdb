/** What Prometheus gets of a real Envoy with Bookinfo, and what a dashboard and alerts make of it. */

import { parser } from "@prometheus-io/lezer-promql";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { labelValue, parseStatName } from "../../compiler/back/stat-names.ts";
import { grafanaFiles } from "../../compiler/index.ts";
import { type Family, samplesOf } from "../harness/prometheus.ts";
import { HOSTILE_NAME, type Observed, observeBookinfo } from "./observed-bookinfo.ts";

let wasm: Observed;
let native: Observed;
beforeAll(async () => {
  wasm = await observeBookinfo("wasm");
  native = await observeBookinfo("native");
});

describe("names of metrics", () => {
  test.each(["wasm", "native"] as const)(
    "%s: hold no host, namespace, cluster or name of a rule",
    (target) => {
      const { families } = target === "wasm" ? wasm : native;
      const names = [...families.keys()];
      expect(names.length).toBeGreaterThan(100);
      const told =
        /svc|cluster_local|example|reviews|ratings|details|productpage|quotes|kinds|bookinfo|gateway_\d|mesh|worker_|outbound_\d|made_up|default_(reviews|kinds)/;
      expect(names.filter((name) => told.test(name))).toEqual([]);
      expect(names.filter((name) => !/^(envoy|sluice)_/.test(name))).toEqual([]);
    },
  );

  test("labels are the names of clusters", () => {
    const known = new Set(wasm.clusters.map(labelValue));
    for (const [metric, label] of [
      ["envoy_cluster_upstream_rq_total", "envoy_cluster_name"],
      ["envoy_cluster_membership_healthy", "envoy_cluster_name"],
      ["sluice_requests_total", "cluster"],
    ] as const) {
      const found = new Set(samplesOf(wasm.families, metric).map(({ labels }) => labels[label]!));
      expect(found.size, metric).toBeGreaterThan(3);
      expect([...found].filter((name) => !known.has(name))).toEqual([]);
    }
  });
});

describe("counts", () => {
  test("by rule and destination, under names that say both", () => {
    const split = samplesOf(wasm.families, "sluice_requests_total", { rule: "default/reviews#split" });
    expect(split.map(({ labels }) => labels.cluster).sort()).toEqual(
      ["v1", "v2", "v3"].map((subset) => `outbound|9080|${subset}|reviews.default.svc.cluster.local`),
    );
    expect(sum(split)).toBeGreaterThanOrEqual(100);
    expect(sum(samplesOf(wasm.families, "sluice_faults_total", { rule: "default/kinds#refused" }))).toBe(1);
    expect(sum(samplesOf(wasm.families, "sluice_left_total", { rule: "default/kinds#held" }))).toBe(1);
  });

  test("names that rules should not have are escaped, and stay apart", () => {
    const answers = samplesOf(wasm.families, "sluice_answers_total", { listener: "mesh" });
    const rules = answers.map(({ labels }) => labels.rule!);
    expect(rules).toContain(labelValue(`default/kinds#${HOSTILE_NAME}`));
    expect(
      answers
        .filter(({ labels }) => labels.rule === "default/kinds#direct")
        .map(({ labels }) => labels.match)
        .sort(),
    ).toEqual(["2", labelValue("one;.;two")].sort());
  });

  test("native: forwarded requests by rule, with their statuses and times", () => {
    const rule = { listener: "mesh", rule: "default/kinds#forwarded" };
    const total = samplesOf(native.families, "envoy_vhost_route_upstream_rq_total", rule);
    expect(total.map(({ labels, value }) => [labels.match, value]).sort()).toEqual([
      ["1", 1],
      ["2", 1],
    ]);
    const times = native.families.get("envoy_vhost_route_upstream_rq_time")!;
    expect(times.type).toBe("histogram");
    expect(times.samples.some(({ labels }) => labels.rule === "default/reviews#split")).toBe(true);
    const classes = samplesOf(native.families, "envoy_vhost_route_upstream_rq_xx", rule);
    expect(sum(classes)).toBe(2);
  });
});

describe("Grafana's dashboard and Prometheus' alerts", () => {
  const files = grafanaFiles();
  const dashboard = JSON.parse(String(files.get("dashboard.json"))) as Dashboard;
  const alerts = parse(String(files.get("alerts.yaml"))) as { groups: { name: string; rules: Alert[] }[] };
  const asked = [
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...alerts.groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
    ...dashboard.templating.list.flatMap(({ query }) =>
      typeof query === "string" ? [] : [/^label_values\((.+), \w+\)$/.exec(query.query)![1]!],
    ),
  ].map((expr) => expr.replaceAll("$__rate_interval", "5m"));

  test("each expression is PromQL", () => {
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((expr) => !isPromQl(expr))).toEqual([]);
    expect(isPromQl("sum by (a (b)")).toBe(false);
  });

  test("each metric and label in them is in a scrape of an Envoy that did all of it", () => {
    const known = labelsOf([wasm, native]);
    for (const expr of asked) {
      for (const { metric, labels } of selectorsOf(expr)) {
        expect(known.has(metric), `${metric} of ${expr}`).toBe(true);
        const missing = labels.filter((label) => label !== "instance" && !known.get(metric)!.has(label));
        expect(missing, `${metric} of ${expr}`).toEqual([]);
      }
      for (const label of groupingLabelsOf(expr)) {
        const somewhere = [...known.values()].some((labels) => labels.has(label));
        expect(somewhere, `${label} of ${expr}`).toBe(true);
      }
    }
  });

  test("what Grafana and Prometheus need of them is there", () => {
    expect(dashboard).toMatchObject({ uid: "sluice-rules", schemaVersion: expect.any(Number) });
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { gridPos, type, targets } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      expect(["row", "timeseries", "table"]).toContain(type);
      expect(type === "row" || targets!.length > 0).toBe(true);
    }
    expect(overlapping(dashboard.panels)).toEqual([]);
    for (const { alert, for: time, labels, annotations, ...rest } of alerts.groups.flatMap(
      ({ rules }) => rules,
    )) {
      expect(alert).toMatch(/^Sluice[A-Za-z]+$/);
      expect(time).toMatch(/^\d+m$/);
      expect(["warning", "critical"]).toContain(labels.severity);
      expect(Object.keys(annotations).sort()).toEqual(["description", "summary"]);
      expect(Object.keys(rest)).toEqual(["expr"]);
    }
  });
});

test("the names that the filter gives are those that are read", () => {
  expect(parseStatName("wasmcustom.listener=.=mesh;.;rule=.=a/b#c;.;sluice_left_total")).toEqual({
    metric: "sluice_left_total",
    labels: { listener: "mesh", rule: "a/b#c" },
  });
});

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
}

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

function sum(samples: readonly { readonly value: number }[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}

function isPromQl(expr: string): boolean {
  let isRight = true;
  parser.parse(expr).iterate({
    enter: ({ type }) => {
      isRight &&= !type.isError;
    },
  });
  return isRight;
}

/** Metrics and the labels that are asked of them, as the parser sees them. */
function selectorsOf(expr: string): { metric: string; labels: string[] }[] {
  const selectors: { metric: string; labels: string[] }[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, from, to }) => {
      if (name === "Identifier" || name === "LabelName") {
        const text = expr.slice(from, to);
        if (name === "Identifier") {
          selectors.push({ metric: text, labels: [] });
        } else if (/^\s*(?:=~|=|!=|!~)/.test(expr.slice(to))) {
          selectors.at(-1)?.labels.push(text);
        }
      }
    },
  });
  return selectors;
}

/** Labels of `by (…)` and `on (…)`. */
function groupingLabelsOf(expr: string): string[] {
  return [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)]
    .flatMap(([, list]) => list!.split(", "))
    .filter((label) => label !== "le");
}

function labelsOf(observed: readonly Observed[]): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map<string, Set<string>>();
  const add = ({ samples }: Family) => {
    for (const { name, labels } of samples) {
      const all = known.get(name) ?? new Set();
      known.set(name, all);
      for (const label of Object.keys(labels)) {
        all.add(label);
      }
    }
  };
  for (const { families } of observed) {
    for (const family of families.values()) {
      add(family);
    }
  }
  return known;
}

function overlapping(panels: Dashboard["panels"]): number[] {
  return panels
    .filter((one, i) =>
      panels.slice(0, i).some(({ gridPos: a }) => {
        const b = one.gridPos;
        return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
      }),
    )
    .map(({ id }) => id);
}
