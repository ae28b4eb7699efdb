import { expect, test } from "vitest";
import { texts } from "../source/texts.ts";
import { Workspace } from "../workspace.ts";
import { type ServedView, servedView } from "./rules-view.ts";

const SERVICES = `apiVersion: v1
kind: Service
metadata: { name: reviews }
spec: { ports: [{ port: 9080, name: http }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews }
spec:
  host: reviews
  subsets:
  - { name: v1, labels: { version: v1 } }
  - { name: v2, labels: { version: v2 } }
`;

const REVIEWS = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews }
spec:
  hosts: [reviews]
  http:
  - name: tester
    match:
    - headers: { end-user: { exact: jason } }
    fault:
      delay: { percentage: { value: 50 }, fixedDelay: 2s }
      abort: { percentage: { value: 0.1 }, grpcStatus: UNAVAILABLE }
    route:
    - destination: { host: reviews, subset: v1 }
  - match:
    - name: old
      uri: { prefix: /v1 }
    - uri: { exact: /one }
    redirect: { uri: /new }
  - name: gone
    match: [{ uri: { prefix: /off } }]
    directResponse: { status: 410 }
  - route:
    - destination: { host: reviews, subset: v1 }
      weight: 80
    - destination: { host: ratings }
      weight: 0
    - destination: { host: reviews, subset: v2 }
      weight: 20
`;

async function viewOf(files: Readonly<Record<string, string>>): Promise<ServedView> {
  const workspace = new Workspace({ source: texts(files) });
  const { compilation, findings } = await workspace.compile();
  expect(findings.diagnostics.filter(({ level }) => level === "error")).toEqual([]);
  const view = servedView(compilation!, workspace.resourcesOf(compilation!));
  await workspace.dispose();
  return view;
}

const V1 = "outbound|9080|v1|reviews.default.svc.cluster.local";
const V2 = "outbound|9080|v2|reviews.default.svc.cluster.local";

test("rules stand where they are written, with their matches, destinations and faults", async () => {
  const { files, rules, counts } = await viewOf({ "a.yaml": SERVICES, "b.yaml": REVIEWS });
  expect(counts).toBe("all");
  expect(files).toEqual([
    { path: "a.yaml", lines: 13 },
    { path: "b.yaml", lines: 29 },
  ]);
  const common = { resource: "VirtualService default/reviews", file: 1, listeners: ["mesh"] };
  expect(rules).toEqual([
    {
      ...common,
      id: "default/reviews#tester",
      name: "tester",
      conditions: ['headers.end-user exact "jason"'],
      line: 7,
      lastLine: 14,
      destinations: [{ cluster: V1, line: 14, weight: 1 }],
      delay: { ms: 2000, percent: 50, line: 11 },
      abort: { status: "gRPC 14", percent: 0.1, line: 12 },
    },
    {
      ...common,
      id: "default/reviews#2",
      match: "old",
      name: "rule 2 of default/reviews",
      conditions: ['uri prefix "/v1"'],
      line: 15,
      lastLine: 19,
      matchLine: 16,
      destinations: [],
      answers: "redirect",
    },
    {
      ...common,
      id: "default/reviews#2",
      match: "2",
      name: "rule 2 of default/reviews",
      conditions: ['uri exact "/one"'],
      line: 15,
      lastLine: 19,
      matchLine: 18,
      destinations: [],
      answers: "redirect",
    },
    {
      ...common,
      id: "default/reviews#gone",
      name: "gone",
      conditions: ['uri prefix "/off"'],
      line: 20,
      lastLine: 22,
      destinations: [],
      answers: "direct",
    },
    {
      ...common,
      id: "default/reviews#4",
      name: "rule 4 of default/reviews",
      conditions: [],
      line: 23,
      lastLine: 29,
      destinations: [
        { cluster: V1, line: 24, weight: 80 },
        { cluster: V2, line: 28, weight: 20 },
      ],
    },
  ]);
});

test("each listener has its hosts, and each host its rules in the order in which they are tried", async () => {
  const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 8080, name: http, protocol: HTTP }, hosts: ["*"] }]
`;
  const both = REVIEWS.replace("hosts: [reviews]", "hosts: [reviews]\n  gateways: [edge, mesh]");
  const files = { "a.yaml": SERVICES, "b.yaml": both, "c.yaml": gateway };
  const { rules, listeners, clusters } = await viewOf(files);
  expect(rules.every((rule) => rule.listeners.join() === "gateway_8080,mesh")).toBe(true);
  expect(
    listeners.map(({ name, role, tls, counted, address }) => [name, role, tls, counted, address]),
  ).toEqual([
    ["gateway_8080", "gateway", false, true, "0.0.0.0:8080"],
    ["mesh", "mesh", false, true, "0.0.0.0:15001"],
  ]);
  for (const { hosts } of listeners) {
    const host = hosts.find(
      ({ domains }) => domains.includes("reviews") || domains.includes("reviews.default.svc.cluster.local"),
    );
    expect(host?.rules).toEqual([0, 1, 2, 3, 4]);
  }
  expect(clusters).toContain(V2);
});

test("whether a listener's requests are counted by rule is said", async () => {
  const workspace = new Workspace({
    source: texts({ "a.yaml": SERVICES, "b.yaml": REVIEWS }),
    proxies: { wasm: {}, off: { ruleCounters: "off" }, native: { target: "native" } },
  });
  for (const [proxy, counts] of Object.entries({ wasm: "all", off: "none", native: "none" })) {
    const compilation = (await workspace.compile(proxy)).compilation!;
    const { ruleCounters } = workspace.options(proxy);
    const view = servedView(compilation, workspace.resourcesOf(compilation), ruleCounters);
    expect([proxy, view.counts, view.listeners[0]!.counted]).toEqual([proxy, counts, counts === "all"]);
  }
  await workspace.dispose();
});

test("a rule of a delegate stands where the delegate is", async () => {
  const root = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: root }
spec:
  hosts: [reviews]
  http:
  - match: [{ uri: { prefix: /a } }]
    delegate: { name: part }
`;
  const part = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: part }
spec:
  http:
  - name: leaf
    route:
    - destination: { host: reviews }
`;
  const { rules } = await viewOf({ "a.yaml": SERVICES, "b.yaml": root, "c.yaml": part });
  expect(rules.map(({ id, file, line, lastLine }) => ({ id, file, line, lastLine }))).toEqual([
    { id: "default/part#leaf", file: 2, line: 6, lastLine: 8 },
  ]);
  expect(rules[0]!.destinations[0]!.line).toBe(8);
});

test("a name of any text is a label as an id, and stays as it is written as a name", async () => {
  const name = '</script>"\\u202e;.;rule=.=x';
  const hostile = REVIEWS.replace("name: tester", `name: ${JSON.stringify(name).replaceAll("\\\\u", "\\u")}`);
  const { rules } = await viewOf({ "a.yaml": SERVICES, "b.yaml": hostile });
  expect(rules[0]!.id).toMatch(/^default\/reviews#[\w%./|:#-]+$/);
  expect(rules[0]!.name).toContain("</script>");
});
