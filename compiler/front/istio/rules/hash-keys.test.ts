import { expect, test } from "vitest";
import { hostOf, lower, serviceYaml, virtualServiceYaml } from "../testing.ts";

const HOST = "a.default.svc.cluster.local";

const rule = (spec: string) => `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a, namespace: default }
spec: { host: a, ${spec} }
`;
const by = (name: string) => `loadBalancer: { consistentHash: { httpHeaderName: ${name} } }`;
const ofPort = (name: string) => `portLevelSettings: [{ port: { number: 80 }, ${by(name)} }]`;
const V2 = `{ name: v2, labels: { version: v2 }, trafficPolicy: { ${by("subset")}, ${ofPort("subset-port")} } }`;
const POLICIES = `trafficPolicy: { ${by("host")}, ${ofPort("port")} }, subsets: [{ name: v1, labels: { version: v1 } }, ${V2}]`;

function actionOf(http: string, policies: string) {
  const route = http === "" ? "" : virtualServiceYaml("a", "a", `    - ${http}`);
  const lowered = lower(serviceYaml("a", 80, ["v1", "v2"]) + rule(policies) + route);
  expect(lowered.findings).toEqual([]);
  const action = hostOf(lowered, "mesh", HOST)!.routes[0]!.action;
  if (action.kind !== "forward") {
    throw new Error(action.kind);
  }
  return action;
}

test.each([
  ["route: [{ destination: { host: a } }]", ["host"]],
  ["route: [{ destination: { host: a, port: { number: 80 } } }]", ["port"]],
  ["route: [{ destination: { host: a, subset: v1 } }]", ["host"]],
  ["route: [{ destination: { host: a, subset: v1, port: { number: 80 } } }]", ["port"]],
  ["route: [{ destination: { host: a, subset: v2 } }]", ["subset"]],
  ["route: [{ destination: { host: a, subset: v2, port: { number: 80 } } }]", ["subset-port"]],
  // Without a rule of its own, the service's port is known.
  ["", ["port"]],
  [
    "route: [{ destination: { host: a, subset: v1 }, weight: 1 }, { destination: { host: a, subset: v2 }, weight: 1 }]",
    ["host", "subset"],
  ],
  [
    "route: [{ destination: { host: a, subset: v1 }, weight: 0 }, { destination: { host: a, subset: v2 }, weight: 1 }]",
    ["subset"],
  ],
])("%s hashes by %j", (http, names) => {
  expect(actionOf(http, POLICIES).hash).toEqual(names.map((name) => ({ kind: "header", name })));
});

test.each([
  ["route: [{ destination: { host: a } }]", false],
  ["{ retries: { attempts: 2 }, route: [{ destination: { host: a } }] }", false],
  [
    "{ retries: { attempts: 2, retryIgnorePreviousHosts: true }, route: [{ destination: { host: a } }] }",
    true,
  ],
  [
    "route: [{ destination: { host: a, subset: v1 }, weight: 1 }, { destination: { host: a, subset: v2 }, weight: 1 }]",
    true,
  ],
  ["", true],
])("%s: a retry avoids the hosts that were tried: %s", (http, avoid) => {
  expect(actionOf(http, POLICIES).retry.avoidPreviousHosts).toBe(avoid);
});

test.each([
  ["httpCookie: { name: c }", [{ kind: "cookie", name: "c" }]],
  [
    "httpCookie: { name: c, ttl: 0s, path: /x, attributes: [{ name: Secure }] }",
    [{ kind: "cookie", name: "c", ttlMs: 0, path: "/x", attributes: [{ name: "Secure", value: "" }] }],
  ],
  ["useSourceIp: true", [{ kind: "sourceIp" }]],
  ["useSourceIp: false", undefined],
  ["maglev: { tableSize: 1021 }", undefined],
  ["httpQueryParameterName: Q", [{ kind: "queryParam", name: "Q" }]],
  ["httpHeaderName: X-User", [{ kind: "header", name: "x-user" }]],
])("consistentHash %s", (hash, keys) => {
  const policies = `trafficPolicy: { loadBalancer: { consistentHash: { ${hash} } } }`;
  expect(actionOf("", policies).hash).toEqual(keys);
});
