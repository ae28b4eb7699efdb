import { expect, test } from "vitest";
import type { Config, Route, RouteMatch, RouteOrigin } from "../../ir/ir.ts";
import type { Target } from "../../options.ts";
import { tellOfCheaperTarget } from "./cheaper-target.ts";

const ORIGIN = {
  ruleId: "default/a#1",
  id: "default/a#1",
  resource: "VirtualService default/a",
  rule: 0,
} as unknown as RouteOrigin;

const MATCHES: Record<string, (i: number) => Partial<RouteMatch>> = {
  exact: (i) => ({ path: { kind: "exact", value: `/${i}`, ignoreCase: false } }),
  header: (i) => ({
    path: { kind: "exact", value: `/${i}`, ignoreCase: false },
    headers: [{ name: "x-a", match: { kind: "exact", value: "1" }, invert: false, missingAsEmpty: false }],
  }),
  regex: (i) => ({ path: { kind: "regex", value: `/[a-z]+/${i}`, ignoreCase: false } }),
  query: (i) => ({ queryParams: [{ name: "a", match: { kind: "exact", value: String(i) } }] }),
};

function config(kind: string, count: number): Config {
  const routes = Array.from(
    { length: count },
    (_, i): Route => ({
      name: "",
      origin: ORIGIN,
      match: { headers: [], queryParams: [], ...MATCHES[kind]!(i) },
      action: { kind: "directResponse", status: 200, body: "" },
    }),
  );
  const virtualHosts = [
    { name: "short", domains: ["short"], routes: routes.slice(0, 1) },
    { name: "long", domains: ["long"], routes },
  ];
  return {
    clusters: [],
    listeners: [
      {
        name: "mesh",
        role: "mesh",
        address: "127.0.0.1",
        port: 1,
        routes: { ignorePortInHost: true, virtualHosts },
      },
    ],
  };
}

function hints(config: Config, target: Target = "auto") {
  const said: { code: string; message: string; help?: string }[] = [];
  tellOfCheaperTarget(config, target, { report: (one) => void said.push(one) });
  return said;
}

/** The crossing points that docs/performance.md tells, from a safe distance on either side. */
test.each([
  ["exact", 60, 400],
  ["header", 30, 200],
  ["regex", 10, 80],
  ["query", 5, 50],
])("%s: Envoy's own routes are cheaper for %i rules and not for %i", (kind, few, many) => {
  expect(hints(config(kind, few)).map(({ code }) => code)).toEqual(["SL0601"]);
  expect(hints(config(kind, many))).toEqual([]);
});

test("it is said once, whatever listeners it is for, and of no listener without rules", () => {
  const [few] = config("exact", 10).listeners;
  const [many] = config("exact", 400).listeners;
  const listeners = [few!, { ...few!, name: "gateway_80" }, { ...many!, name: "gateway_443" }];
  const [hint, ...more] = hints({ clusters: [], listeners });
  expect(more).toEqual([]);
  expect(hint!.message).toContain("mesh, gateway_80:");
  const passing = config("exact", 10).listeners.map((listener) => ({
    ...listener,
    routes: {
      ...listener.routes,
      virtualHosts: listener.routes.virtualHosts.map((host) => ({
        ...host,
        routes: host.routes.map(({ origin: _, ...route }) => route),
      })),
    },
  }));
  expect(hints({ clusters: [], listeners: passing })).toEqual([]);
  expect(hints({ clusters: [], listeners: [] })).toEqual([]);
});

test("who chose is told nothing", () => {
  expect(hints(config("exact", 10), "native")).toEqual([]);
  expect(hints(config("exact", 10), "wasm")).toEqual([]);
});
