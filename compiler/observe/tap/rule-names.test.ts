import { expect, test } from "vitest";
import { compile, texts } from "../../index.ts";
import { readSample } from "./read-sample.ts";
import { RuleNames } from "./rule-names.ts";

const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: web }
spec:
  hosts: [shop.example]
  http:
  - name: canary
    match:
    - { uri: { prefix: /a }, name: mobile }
    - { headers: { x-user: { exact: jason } } }
    rewrite: { uri: /b, authority: other.example }
    route: [{ destination: { host: shop.example } }]
  - directResponse: { status: 200 }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop }
spec:
  hosts: [shop.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.65.1.1 }]
`;

async function names(): Promise<RuleNames> {
  const { compilation } = await compile({ source: texts({ "rules/shop.yaml": RULES }) });
  return new RuleNames(compilation!);
}

test("a rule is found by its label, its name and its place", async () => {
  const rules = await names();
  const canary = ["web/shop#canary.mobile", "web/shop#canary.2"];
  const found = (wanted: string) => [...rules.find(wanted)];
  expect(found("web/shop#canary")).toEqual(canary);
  expect(found("canary")).toEqual(canary);
  expect(found("canary.mobile")).toEqual([canary[0]]);
  expect(found("shop.yaml:8")).toEqual(canary);
  expect(found("rules/shop.yaml:13")).toEqual(["web/shop#2"]);
  expect(found("hop.yaml:8")).toEqual([]);
  expect(found("nothing")).toEqual([]);
  expect(rules.near("canry")).toEqual(["web/shop#canary"]);
  expect(rules.near("zzz")).toEqual(["web/shop#canary", "web/shop#2"]);
});

test("a sample is the request of its client", async () => {
  const rules = await names();
  const read = (attributes: Record<string, string>) =>
    readSample({ at: 7, attributes: new Map(Object.entries({ listener: "mesh", ...attributes })) }, rules);
  const rewritten = {
    rule: "web/shop#canary.mobile",
    authority: "other.example",
    originalAuthority: "shop.example",
    path: "/b",
    originalPath: "/a",
    "header cookie": "sesame",
    "header x-user": "-",
    status: "200",
    upstreamMs: "-",
  };
  const sampled = read(rewritten)!;
  expect(sampled).toMatchObject({
    label: "web/shop#canary.mobile",
    place: "rules/shop.yaml:9",
    headers: [["cookie", "sesame"]],
    tapped: {
      at: 7,
      rule: "web/shop#canary",
      match: "mobile",
      authority: "shop.example",
      path: "/a",
      status: 200,
      headers: [["cookie", "(masked)"]],
    },
  });
  expect(sampled.tapped).not.toHaveProperty("upstreamMs");
  // What a client sends under those names is not believed.
  expect(read({ ...rewritten, rule: "web/shop#2" })?.tapped).toMatchObject({
    authority: "other.example",
    path: "/b",
  });
  expect(read({ ...rewritten, fault: "abort", cluster: "c" })?.tapped).toMatchObject({
    path: "/b",
    fault: "abort",
  });
  expect(read({ ...rewritten, fault: "abort", cluster: "c" })?.tapped).not.toHaveProperty("cluster");
  // Of a rule that is not there any more, its name is all that is known.
  expect(read({ rule: "web/gone#1" })?.tapped.rule).toBe("web/gone#1");
  expect(read({ rule: "default" })?.tapped).not.toHaveProperty("rule");
  expect(readSample({ at: 0, attributes: new Map() }, rules)).toBeUndefined();
});
