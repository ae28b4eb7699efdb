import { expect, test } from "vitest";
import { lower, serviceYaml, virtualServiceYaml } from "../testing.ts";

/** What the virtual host of `shop.example` in the mesh says of rules without a route there. */
function omittedOf(http: string) {
  const rules = virtualServiceYaml("shop", "reviews", http);
  const { config } = lower(`${serviceYaml("reviews", 80)}---\n${rules}`);
  const host = config.listeners
    .find(({ name }) => name === "mesh")!
    .routes.virtualHosts.find(({ domains }) => domains.includes("reviews"))!;
  return (host.omitted ?? []).map(({ name, origin: { rule, match }, reason }) => ({
    name,
    rule,
    match,
    reason,
  }));
}

const LAST = "    - name: last\n      route: [{ destination: { host: reviews } }]\n";

test("conditions that no request at the listener meets are told, and only those", () => {
  const omitted = omittedOf(
    `    - name: other
      match:
        - { uri: { prefix: /a }, port: 81 }
        - { gateways: [edge, team/edge], port: 80, sourceLabels: { app: nobody } }
        - { sourceNamespace: team, sourceLabels: { app: nobody, istio: ingressgateway } }
      route: [{ destination: { host: reviews } }]\n${LAST}`,
  );
  expect(omitted).toEqual([
    { name: "other", rule: 0, match: 0, reason: { kind: "elsewhere", conditions: ["port 81"] } },
    {
      name: "other",
      rule: 0,
      match: 1,
      reason: { kind: "elsewhere", conditions: ["gateways edge, team/edge"] },
    },
    {
      name: "other",
      rule: 0,
      match: 2,
      reason: { kind: "elsewhere", conditions: ["sourceNamespace team", "sourceLabels app=nobody"] },
    },
  ]);
});

test("what comes after a rule that takes every request is told which one", () => {
  const omitted = omittedOf(
    `${LAST}    - name: later
      match: [{ name: a, uri: { prefix: /a } }, { port: 81 }]
      route: [{ destination: { host: reviews } }]\n`,
  );
  expect(omitted).toEqual([
    {
      name: "later.a",
      rule: 1,
      match: 0,
      reason: { kind: "covered", by: expect.objectContaining({ rule: 0 }) },
    },
    { name: "later", rule: 1, match: 1, reason: { kind: "elsewhere", conditions: ["port 81"] } },
  ]);
});

test("a rule all of whose weights are 0 has no destination", () => {
  const omitted = omittedOf(
    `    - name: nowhere
      match: [{ uri: { prefix: /a } }]
      route:
        - { destination: { host: reviews }, weight: 0 }
        - { destination: { host: reviews, port: { number: 80 } }, weight: 0 }\n${LAST}`,
  );
  expect(omitted).toMatchObject([{ name: "nowhere", reason: { kind: "noDestination" } }]);
});

test("nothing is omitted where every rule has its routes", () => {
  expect(omittedOf(LAST)).toEqual([]);
});
