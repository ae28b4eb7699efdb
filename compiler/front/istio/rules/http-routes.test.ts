import { expect, test } from "vitest";
import { hostOf, lower, serviceYaml, targets, virtualServiceYaml } from "../testing.ts";

const SERVICES = serviceYaml("a") + serviceYaml("bb");
const A = "outbound|80||a.default.svc.cluster.local";
const B = "outbound|80||bb.default.svc.cluster.local";

function routes(http: string, options = {}, services = SERVICES) {
  return hostOf(lower(services + virtualServiceYaml("vs", "a", http), options), "mesh", "a")?.routes;
}

test("a route for each match; nothing behind a rule without matches", () => {
  const found = routes(`
  - name: first
    match: [{ uri: { prefix: /x }, name: x }, { uri: { exact: /y } }]
    route: [{ destination: { host: bb } }]
  - route: [{ destination: { host: a } }]
  - name: never
    route: [{ destination: { host: bb } }]`);
  expect(targets(found)).toEqual([B, B, A]);
  expect(found?.map(({ name }) => name)).toEqual(["first.x", "first", ""]);
  expect(found?.map(({ origin }) => [origin?.resource, origin?.rule, origin?.match])).toEqual([
    ["VirtualService default/vs", 0, 0],
    ["VirtualService default/vs", 0, 1],
    ["VirtualService default/vs", 1, undefined],
  ]);
});

test("nothing behind a match that takes everything, not even of its own rule", () => {
  const found = routes(`
  - match: [{ uri: { prefix: / } }, { uri: { prefix: /never } }]
    route: [{ destination: { host: bb } }]
  - route: [{ destination: { host: a } }]`);
  expect(targets(found)).toEqual([B]);
});

test("a rule without matches ends the list even where it makes no route", () => {
  const found = routes(`
  - match: [{ uri: { prefix: /x } }]
    route: [{ destination: { host: bb } }]
  - route: [{ destination: { host: a }, weight: 0 }, { destination: { host: bb }, weight: 0 }]
  - route: [{ destination: { host: a } }]`);
  expect(targets(found)).toEqual([B]);
});

test("weights: those of 0 are dropped, that of a single destination means nothing", () => {
  const split = (weights: readonly number[]) =>
    targets(
      routes(`
  - route:
${weights.map((weight, i) => `      - { destination: { host: ${i === 0 ? "a" : "bb"} }, weight: ${weight} }`).join("\n")}`),
    );
  expect(split([0])).toEqual([A]);
  expect(split([3, 1])).toEqual([`${A}=3 ${B}=1`]);
  expect(split([3, 0])).toEqual([A]);
});

test("timeouts, retries, faults, direct responses", () => {
  const found = routes(`
  - match: [{ uri: { exact: /direct } }]
    directResponse: { status: 418, body: { string: tea } }
  - timeout: 1.5s
    retries: { attempts: 1, retryOn: "503" }
    fault: { abort: { httpStatus: 500, percentage: { value: 10 } } }
    route: [{ destination: { host: a } }]`);
  expect(found?.[0]?.action).toEqual({ kind: "directResponse", status: 418, body: "tea" });
  expect(found?.[1]).toMatchObject({
    fault: { abort: { kind: "http", status: 500, perMillion: 100_000 } },
    action: { timeoutMs: 1500, retry: { attempts: 1, retriableStatusCodes: [503] } },
  });
  expect(routes("  - route: [{ destination: { host: a } }]")?.[0]).toMatchObject({
    action: { timeoutMs: 0, retry: { attempts: 2 } },
  });
});

test("what the place decides: ports, labels and namespace of the client, gateways which override those", () => {
  const http = (match: string) => `
  - match: [${match}]
    route: [{ destination: { host: bb } }]
  - route: [{ destination: { host: a } }]`;
  const taken = (match: string, options = {}) => targets(routes(http(match), options))?.[0] === B;
  expect(taken("{ port: 80 }")).toBe(true);
  expect(taken("{ port: 81 }")).toBe(false);
  expect(taken("{ sourceLabels: { app: x } }")).toBe(false);
  expect(taken("{ sourceLabels: { app: x } }", { proxyLabels: { app: "x", more: "y" } })).toBe(true);
  expect(taken("{ sourceNamespace: other }")).toBe(false);
  expect(taken("{ sourceNamespace: default }")).toBe(true);
  expect(taken("{ gateways: [gw] }")).toBe(false);
  expect(taken("{ gateways: [gw, mesh], sourceLabels: { app: x }, sourceNamespace: other }")).toBe(true);
});

test("rules that never apply here leave the service its default route", () => {
  const found = routes(`
  - match: [{ port: 81 }]
    route: [{ destination: { host: bb } }]`);
  expect(found?.map(({ name }) => name)).toEqual(["default"]);
  expect(targets(found)).toEqual([A]);
});
