import { expect, test } from "vitest";
import type { Config, Route, RouteMatch } from "../../ir/ir.ts";
import { hintAtCheaperTarget } from "./cheaper-target.ts";
import { nativeIsCheaper } from "./target-cost.ts";

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

/** The crossing points that docs/performance.md tells, from a safe distance on either side. */
test.each([
  ["exact", 60, 400],
  ["header", 30, 200],
  ["regex", 10, 80],
  ["query", 5, 50],
])("%s: native is cheaper for %i rules and not for %i", (kind, few, many) => {
  expect(nativeIsCheaper(config(kind, few))).toMatchObject({ routes: few, virtualHost: { name: "long" } });
  expect(nativeIsCheaper(config(kind, many))).toBeUndefined();
});

test("nothing is said of rules that route nothing, or that are for Envoy's own routes", () => {
  expect(nativeIsCheaper(config("exact", 0))).toBeUndefined();
  expect(nativeIsCheaper({ listeners: [], clusters: [] })).toBeUndefined();
  const codes: string[] = [];
  const sink = { report: ({ code }: { code: string }) => void codes.push(code) };
  hintAtCheaperTarget(config("exact", 10), "native", sink);
  expect(codes).toEqual([]);
  hintAtCheaperTarget(config("exact", 10), "wasm", sink);
  expect(codes).toEqual(["SL0601"]);
});
