import { expect, test } from "vitest";
import type { Route } from "../../../ir/ir.ts";
import { hostOf, lower, serviceYaml } from "../testing.ts";

const rules = (name: string, annotations: string, spec: string) => `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: default, annotations: { ${annotations} } }
spec: { ${spec} }
`;
const split = "[{ destination: { host: a }, weight: 1 }, { destination: { host: bb }, weight: 1 }]";
const services = serviceYaml("a") + serviceYaml("bb");
const stickyOf = (route: Route | undefined) =>
  route?.action.kind === "forward" ? route.action.sticky : undefined;

test("holds for every split of a VirtualService, and for nothing else", () => {
  const lowered = lower(
    services +
      rules(
        "vs",
        'sluice.dev/sticky: "header:X-User"',
        `hosts: [a], http: [
          { match: [{ uri: { prefix: /one } }], route: [{ destination: { host: a } }] },
          { match: [{ uri: { prefix: /away } }], redirect: { uri: / } },
          { match: [{ uri: { prefix: /two } }], route: ${split} },
          { route: ${split} }]`,
      ),
  );
  const sticky = { kind: "header", name: "x-user" };
  const { routes } = hostOf(lowered, "mesh", "a")!;
  expect(routes.map(stickyOf)).toEqual([undefined, undefined, sticky, sticky]);
});

test("a delegate's own annotation holds for its rules, else its root's", () => {
  const root = (annotations: string) =>
    rules(
      "root",
      annotations,
      "hosts: [a], http: [{ match: [{ uri: { prefix: /x } }], delegate: { name: leaf } }]",
    );
  const leaf = (annotations: string) => rules("leaf", annotations, `http: [{ route: ${split} }]`);
  const of = (outer: string, inner: string) =>
    stickyOf(hostOf(lower(services + root(outer) + leaf(inner)), "mesh", "a")?.routes[0]);
  const [address, cookie] = ["sluice.dev/sticky: source-ip", 'sluice.dev/sticky: "cookie:id"'];
  expect(of("", "")).toBeUndefined();
  expect(of(address, "")).toEqual({ kind: "sourceIp" });
  expect(of("", cookie)).toEqual({ kind: "cookie", name: "id" });
  expect(of(address, cookie)).toEqual({ kind: "cookie", name: "id" });
});
