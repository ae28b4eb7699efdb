/** The annotation `sluice.dev/health-check` from the file to what is said of it: clusters, findings, answers. */

import picocolors from "picocolors";
import { expect, test } from "vitest";
import { renderExplanation } from "./answers/explain/render-text.ts";
import { check, compile, diff, explain, type Findings, texts } from "./index.ts";

const HOST = "pay.example";
const STYLE = { colors: picocolors.createColors(false), columns: 300, verbose: false };

const istio = (kind: string, spec: object, healthCheck?: string) => ({
  apiVersion: "networking.istio.io/v1",
  kind,
  metadata: {
    name: "pay",
    namespace: "shop",
    ...(healthCheck !== undefined && { annotations: { "sluice.dev/health-check": healthCheck } }),
  },
  spec,
});

const PORTS = [{ number: 80, name: "http", protocol: "HTTP" }];

const entry = (healthCheck?: string, more: object = {}) =>
  istio(
    "ServiceEntry",
    {
      hosts: [HOST],
      ports: PORTS,
      resolution: "STATIC",
      endpoints: [{ address: "192.0.2.1", labels: { version: "v1" } }],
      ...more,
    },
    healthCheck,
  );

const V1 = { name: "v1", labels: { version: "v1" } };
const rule = (healthCheck?: string, more: object = {}) =>
  istio("DestinationRule", { host: HOST, subsets: [V1], ...more }, healthCheck);

const ROUTE = istio("VirtualService", {
  hosts: [HOST],
  http: [{ route: [{ destination: { host: HOST, subset: "v1" } }] }],
});

const source = (...documents: readonly object[]) =>
  texts({ "rules.yaml": documents.map((one) => JSON.stringify(one)).join("\n---\n") });
const proxy = { proxyNamespace: "shop" };
const said = ({ diagnostics }: Findings) =>
  diagnostics.filter(({ level }) => level !== "info").map(({ code, message }) => `${code} ${message}`);

async function cluster(subset: string, ...documents: readonly object[]) {
  const { compilation, findings } = await compile({ source: source(ROUTE, ...documents), proxy });
  const found = compilation?.config.clusters.find(({ name }) => name === `outbound|80|${subset}|${HOST}`);
  return { ...found, said: said(findings) };
}

const checked = async (...documents: readonly object[]) =>
  said(await check({ source: source(...documents), proxy }));

const pathOf = ({ healthCheck }: Awaited<ReturnType<typeof cluster>>) =>
  healthCheck === undefined
    ? "none"
    : "path" in healthCheck.asks
      ? healthCheck.asks.path
      : healthCheck.asks.protocol;

test("a subset's words come before a rule's, and those before an entry's", async () => {
  const both = [entry("http /entry"), rule("http /rule; subset v1 tcp")];
  expect(pathOf(await cluster("", ...both))).toBe("/rule");
  expect(pathOf(await cluster("v1", ...both))).toBe("tcp");
  expect(pathOf(await cluster("v1", entry("http /entry"), rule("http /rule")))).toBe("/rule");
  expect(pathOf(await cluster("v1", entry("http /entry"), rule()))).toBe("/entry");
  expect(pathOf(await cluster("v1", entry("http /entry"), rule("subset v1 off")))).toBe("none");
  expect(pathOf(await cluster("", entry("http /entry"), rule("subset v1 off")))).toBe("/entry");
  expect(pathOf(await cluster("", entry("http /entry"), rule("off")))).toBe("none");
  expect(pathOf(await cluster("", entry(), rule()))).toBe("none");
});

test("a check asks for the service over what its requests speak, unless it has a port of its own", async () => {
  const http2 = { ports: [{ number: 80, name: "grpc", protocol: "GRPC" }] };
  const asks = async (check: string, more?: object) =>
    (await cluster("", entry(check, more), rule())).healthCheck?.asks;
  expect(await asks("http /")).toMatchObject({ protocol: "http1", host: HOST });
  expect(await asks("http / host other.example:8080")).toMatchObject({ host: "other.example:8080" });
  expect(await asks("http /", http2)).toMatchObject({ protocol: "http2" });
  expect(await asks("http / port 9000", http2)).toMatchObject({ protocol: "http1" });
  expect(await asks("http2 / port 9000")).toMatchObject({ protocol: "http2" });
  expect(await asks("grpc", http2)).toEqual({ protocol: "grpc", host: HOST });
});

test("a port of its own is the endpoints'", async () => {
  const { discovery } = await cluster("", entry("http / port 9000"), rule());
  expect(discovery?.endpoints).toEqual([{ address: "192.0.2.1", port: 80, weight: 1, healthPort: 9000 }]);
});

test("what cannot be checked is said at the annotation", async () => {
  const nowhere = { resolution: "NONE", endpoints: undefined };
  expect((await cluster("", entry("tcp", nowhere), rule())).said).toEqual([
    expect.stringMatching(/^SL0301 .*there are no endpoints to check$/),
  ]);
  const passthrough = rule("tcp", { trafficPolicy: { loadBalancer: { simple: "PASSTHROUGH" } } });
  expect((await cluster("", entry(), passthrough)).said).toEqual([expect.stringMatching(/^SL0301 /)]);
  // Each proxy is told, also of what another was told before.
  const grpc = await cluster("", entry("grpc"), rule());
  expect(grpc.said).toEqual([expect.stringMatching(/^SL0932 port 80 of "pay.example" is not checked/)]);
  expect(grpc.healthCheck).toBeUndefined();
});

test("check tells of what is hardly meant", async () => {
  const of = async (...documents: readonly object[]) =>
    (await checked(...documents)).filter((one) => one.startsWith("SL0932")).map((one) => one.slice(0, 6));
  expect(await of(entry("http / every 1s timeout 2s"))).toEqual(["SL0932"]);
  expect(await of(entry("http / every 2s timeout 2s"))).toEqual([]);
  expect(await of(entry("tcp", { endpoints: [], workloadSelector: { labels: { app: "x" } } }))).toEqual([
    "SL0932",
  ]);
  const panicking = { trafficPolicy: { outlierDetection: { minHealthPercent: 20 } } };
  expect(await of(entry(), rule("tcp panic 50%", panicking))).toEqual(["SL0932"]);
  expect(await of(entry(), rule("tcp panic 20%", panicking))).toEqual([]);
});

test.each([
  [entry("http /; subset v1 tcp"), 'this ServiceEntry has no subset "v1"'],
  [rule("subset v2 tcp"), 'this DestinationRule has no subset "v2"'],
  [istio("VirtualService", { hosts: ["x.example"], http: [] }, "tcp"), "no effect on a VirtualService"],
  [rule("tcp exery 5s"), 'unknown word "exery"; did you mean "every"?'],
])("%#: an annotation that means nothing is an error", async (document, words) => {
  const findings = await checked(entry(), document);
  expect(findings.filter((one) => one.startsWith("SL0227"))).toEqual([expect.stringContaining(words)]);
});

test("explain and diff know of it", async () => {
  const before = source(ROUTE, entry(), rule());
  const after = source(ROUTE, entry("http /healthz every 2s port 9000"), rule());
  const words =
    "GET pay.example/healthz (200-299) at port 9000 every 2000 ms, timeout 1000 ms, unhealthy after 3, healthy after 2";
  const asked = { request: `GET http://${HOST}/`, proxy };
  const { explanation } = await explain({ source: after, ...asked });
  expect(explanation?.rule?.split?.[0]?.healthCheck).toBe(words);
  expect(renderExplanation(explanation!, STYLE)).toContain(`each is checked by ${words}`);
  const { report } = await diff({ before, after, proxy });
  expect(report?.clusterSettings).toEqual([
    { cluster: `outbound|80|v1|${HOST}`, setting: "health check", after: words },
    { cluster: `outbound|80||${HOST}`, setting: "health check", after: words },
  ]);
  expect((await diff({ before, after: before, proxy })).report?.clusterSettings).toEqual([]);
});
