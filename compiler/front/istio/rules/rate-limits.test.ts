import { expect, test } from "vitest";
import { describeRateLimit } from "../../../ir/rate-limit.ts";
import { hostOf, lower, serviceYaml } from "../testing.ts";

const rules = (name: string, limit: string, spec: string) => `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: default, annotations: { ${limit === "" ? "" : `sluice.dev/rate-limit: "${limit}"`} } }
spec: { ${spec} }
`;
const route = "route: [{ destination: { host: a } }]";
const match = (path: string) => `match: [{ uri: { prefix: ${path} } }]`;

/** The limit of each route for a host, with whom it is shared. */
const limitsOf = (text: string, host = "a") =>
  hostOf(lower(serviceYaml("a") + serviceYaml("bb") + text), "mesh", host)!.routes.map(
    ({ rateLimit }) => rateLimit && `${rateLimit.bucket} ${describeRateLimit(rateLimit)}`,
  );

const three = `hosts: [a, bb], http: [
  { name: one, match: [{ uri: { prefix: /1 } }, { uri: { prefix: /2 } }], ${route} },
  { name: two, ${match("/3")}, redirect: { uri: / } },
  { ${route} }]`;

test("without a name a limit is of all rules together", () => {
  const all = "default/vs 10/s burst 10";
  expect(limitsOf(rules("vs", "10/s", three))).toEqual([all, all, all, all]);
  expect(limitsOf(rules("vs", "10/s", three), "bb")).toEqual([all, all, all, all]);
});

test("by a name it is of that rule, with all its matches, and of the rest as the rest is written", () => {
  const one = "default/vs#one 1/m burst 1 by header:x-a";
  expect(limitsOf(rules("vs", "one: 1/m by header:x-a", three))).toEqual([one, one, undefined, undefined]);
  expect(limitsOf(rules("vs", "one: 1/m by header:x-a; 5/h", three))).toEqual([
    one,
    one,
    "default/vs 5/h burst 5",
    "default/vs 5/h burst 5",
  ]);
  expect(limitsOf(rules("vs", "one: 1/m by header:x-a; *: 5/h", three))).toEqual([
    one,
    one,
    "default/vs#two 5/h burst 5",
    "default/vs#3 5/h burst 5",
  ]);
});

test("by a claim it is written as it was, whatever the claim is called", () => {
  const edge = `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec: { selector: { istio: ingressgateway }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }
`;
  const of = (claim: string) =>
    hostOf(
      lower(
        `${serviceYaml("a")}${edge}${rules("vs", `1/s by claim:${claim}`, `hosts: [a.example], gateways: [edge], http: [{ ${route} }]`)}`,
      ),
      "gateway_80",
      "a.example",
    )!.routes.map(({ rateLimit }) => rateLimit && describeRateLimit(rateLimit));
  for (const claim of ["sub", "realm.id", "[https://a.example/plan][name]"]) {
    expect(of(claim)).toEqual([`1/s burst 1 by claim:${claim}`]);
  }
  expect(of("[realm][id]")).toEqual(["1/s burst 1 by claim:realm.id"]);
});

test("a delegate's annotation has the say on its rules, else its root's", () => {
  const root = (limit: string) =>
    rules("root", limit, `hosts: [a], http: [{ name: outer, ${match("/x")}, delegate: { name: leaf } }]`);
  const leaf = (limit: string) =>
    rules("leaf", limit, `http: [{ name: inner, ${match("/x/y")}, ${route} }, { ${route} }]`);
  const of = (outer: string, inner: string) => limitsOf(root(outer) + leaf(inner)).slice(0, 2);
  expect(of("", "")).toEqual([undefined, undefined]);
  expect(of("1/s", "")).toEqual(["default/root 1/s burst 1", "default/root 1/s burst 1"]);
  expect(of("outer: 1/s", "")).toEqual(["default/root#outer 1/s burst 1", "default/root#outer 1/s burst 1"]);
  expect(of("outer: 1/s", "inner: 2/s")).toEqual(["default/leaf#inner 2/s burst 2", undefined]);
});
