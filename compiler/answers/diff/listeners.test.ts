/** What a listener says of how requests come decides which of them there are. */

import { expect, test } from "vitest";
import { exact, header, prefix, route, table } from "../../back/program/rules.fixture.ts";
import type { Config, Listener, Route } from "../../ir/ir.ts";
import { diffConfigs } from "./diff.ts";
import { reportOf, summaryOf } from "./report.ts";

const TLS: NonNullable<Listener["tls"]> = {
  serverNames: [],
  certificates: ["own"],
  clientCertificate: "none",
  subjectAltNames: [],
  spkiHashes: [],
  certificateHashes: [],
  cipherSuites: [],
  curves: [],
};

function at(role: Listener["role"], isSecure: boolean, ...routes: Route[]): Config {
  const listener: Listener = {
    name: "gateway_443",
    role,
    address: "127.0.0.1",
    port: 443,
    routes: table({ "a.example": routes }),
    ...(isSecure && { tls: TLS }),
  };
  return { listeners: [listener], clusters: [] };
}

function requests(before: Config, after: Config) {
  const report = reportOf(diffConfigs(before, after, { pathNormalization: "BASE" }));
  expect(report.cuts).toEqual([]);
  return report.differences.map(({ request: { method, url, headers } }) => ({ method, url, headers }));
}

const byScheme = (scheme: string, cluster: string) =>
  route(undefined, cluster, { headers: [header(":scheme", exact(scheme))] });
const byProto = (proto: string, cluster: string) =>
  route(undefined, cluster, { headers: [header("x-forwarded-proto", exact(proto))] });

test("an edge with TLS has requests of https, and no others", () => {
  const witness = { method: "GET", url: "https://a.example/", headers: [] };
  for (const rule of [byScheme, byProto]) {
    expect(
      requests(at("gateway", true, rule("https", "x")), at("gateway", true, rule("https", "y"))),
    ).toEqual([witness]);
    expect(requests(at("gateway", true, rule("http", "x")), at("gateway", true, rule("http", "y")))).toEqual(
      [],
    );
  }
});

test("an edge without TLS has none of https, whatever clients say; a mesh believes them", () => {
  for (const rule of [byScheme, byProto]) {
    const pair = (role: Listener["role"]) =>
      requests(at(role, false, rule("https", "x")), at(role, false, rule("https", "y")));
    expect(pair("gateway")).toEqual([]);
    expect(pair("mesh")).toEqual([
      {
        method: "GET",
        url: "http://a.example/",
        headers: [{ name: "x-forwarded-proto", value: "https" }],
      },
    ]);
  }
});

test("a listener that sends everything to https has no other rules", () => {
  const redirected = (cluster: string): Config => {
    const config = at("gateway", false, route(prefix("/"), cluster));
    const [listener] = config.listeners as [Listener];
    const toHttps = route(undefined, { kind: "redirect", status: 301, scheme: "https", keepPort: true });
    const virtualHosts = listener.routes.virtualHosts.map((host) => ({
      ...host,
      routes: [toHttps],
      requireTls: true as const,
    }));
    return { ...config, listeners: [{ ...listener, routes: { ...listener.routes, virtualHosts } }] };
  };
  expect(requests(redirected("x"), redirected("y"))).toEqual([]);
  const opened = diffConfigs(redirected("x"), at("gateway", false, route(prefix("/"), "x")), {
    pathNormalization: "BASE",
  });
  expect(reportOf(opened).differences[0]).toMatchObject({
    request: { url: "http://a.example/" },
    before: { decision: { redirect: "301, scheme https" } },
    after: { decision: { to: "x" } },
  });
});

test("one that speaks another protocol is told, and its rules are not compared", () => {
  const diff = diffConfigs(
    at("gateway", false, route(undefined, "x")),
    at("gateway", true, route(undefined, "y")),
    { pathNormalization: "BASE" },
  );
  expect(diff).toMatchObject({
    differences: [],
    protocolChanges: [{ listener: "gateway_443", before: "http", after: "https" }],
  });
  expect(summaryOf(reportOf(diff))).toMatch(/; listener gateway_443 serves https instead of http$/);
});
