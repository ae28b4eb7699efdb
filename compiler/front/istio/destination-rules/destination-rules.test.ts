import { expect, test } from "vitest";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../../options.ts";
import type { Service } from "../../services/service.ts";
import { resources } from "../testing.ts";
import { DestinationRuleIndex, DestinationRules } from "./destination-rules.ts";

const rule = (name: string, namespace: string, spec: string) => `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ${spec} }
`;

const policy = (simple: string) => `trafficPolicy: { loadBalancer: { simple: ${simple} } }`;

function find(yaml: string, options: Partial<ProxyOptions> = {}, host = "web.shop.svc.cluster.local") {
  const proxy = { ...DEFAULT_PROXY_OPTIONS, ...options };
  const index = new DestinationRuleIndex(resources(yaml).destinationRules, proxy.domainSuffix);
  const rules = new DestinationRules(index, proxy);
  const found = rules.find({ host, namespace: "shop" } as Service);
  return found && [found.trafficPolicy?.loadBalancer?.simple, ...found.subsets.map(({ name }) => name)];
}

const WEB = "host: web.shop.svc.cluster.local";

test("the client's namespace is asked first, then the service's, then the root's", () => {
  const root = rule("a", "istio-system", `${WEB}, ${policy("RANDOM")}`);
  const service = rule("a", "shop", `host: web, ${policy("ROUND_ROBIN")}`);
  const client = rule("a", "default", `${WEB}, ${policy("LEAST_REQUEST")}`);
  expect(find(root)).toEqual(["RANDOM"]);
  expect(find(root + service)).toEqual(["ROUND_ROBIN"]);
  expect(find(root + service + client)).toEqual(["LEAST_REQUEST"]);
  expect(find(rule("a", "elsewhere", `${WEB}, ${policy("RANDOM")}`))).toBeUndefined();
});

test("within a namespace the exact host, then the most specific wildcard", () => {
  const wide = rule("a", "shop", `host: "*.local", ${policy("RANDOM")}`);
  const narrow = rule("b", "shop", `host: "*.shop.svc.cluster.local", ${policy("ROUND_ROBIN")}`);
  expect(find(wide + narrow)).toEqual(["ROUND_ROBIN"]);
  expect(find(wide + narrow + rule("c", "shop", "host: web"))).toEqual([undefined]);
});

test("rules for one host are merged: all subsets, the policy of the oldest that has one", () => {
  const merged = find(
    rule("a", "shop", "host: web, subsets: [{ name: v1 }]") +
      rule(
        "b",
        "shop",
        `host: web, ${policy("RANDOM")}, subsets: [{ name: v1, labels: { app: other } }, { name: v2 }]`,
      ) +
      rule("c", "shop", `host: web, ${policy("ROUND_ROBIN")}`),
  );
  expect(merged).toEqual(["RANDOM", "v1", "v2"]);
});

test("exportTo", () => {
  const hidden = rule("a", "shop", `host: web, exportTo: ["."], ${policy("RANDOM")}`);
  expect(find(hidden)).toBeUndefined();
  expect(find(hidden, { proxyNamespace: "shop" })).toEqual(["RANDOM"]);
  const shown = rule("a", "shop", `host: web, exportTo: [default], ${policy("RANDOM")}`);
  expect(find(shown)).toEqual(["RANDOM"]);
  expect(find(shown, { proxyNamespace: "other" })).toBeUndefined();
});

test("a rule for some workloads is preferred by them, and is not for others", () => {
  const all = rule("a", "default", `${WEB}, ${policy("RANDOM")}`);
  const some = rule(
    "b",
    "default",
    `${WEB}, workloadSelector: { matchLabels: { app: x } }, ${policy("ROUND_ROBIN")}`,
  );
  expect(find(all + some)).toEqual(["RANDOM"]);
  expect(find(all + some, { proxyLabels: { app: "x" } })).toEqual(["ROUND_ROBIN"]);
  expect(find(some)).toBeUndefined();
});
