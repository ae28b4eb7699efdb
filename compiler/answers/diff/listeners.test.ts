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
  const report = reportOf(diffConfigs(before, after));
  expect(report.cuts).toEqual([]);
  return report.differences.map(({ request: { method, url, headers, protocol } }) => ({
    method,
    url,
    headers,
    protocol,
  }));
}

const byScheme = (scheme: string, cluster: string) =>
  route(undefined, cluster, { headers: [header(":scheme", exact(scheme))] });
const byProto = (proto: string, cluster: string) =>
  route(undefined, cluster, { headers: [header("x-forwarded-proto", exact(proto))] });

const plain = { method: "GET", headers: [] };

test("how a request came to an edge, the edge says", () => {
  const pair = (isSecure: boolean, proto: string) =>
    requests(at("gateway", isSecure, byProto(proto, "x")), at("gateway", isSecure, byProto(proto, "y")));
  expect(pair(true, "https")).toEqual([{ ...plain, url: "https://a.example/", protocol: "HTTP/1.1" }]);
  expect(pair(false, "http")).toEqual([{ ...plain, url: "http://a.example/", protocol: "HTTP/1.1" }]);
  expect(pair(true, "http")).toEqual([]);
  expect(pair(false, "https")).toEqual([]);
});

test.each([
  ["gateway", false],
  ["gateway", true],
  ["mesh", false],
] as const)("%s, TLS %s: a scheme of a client's own is asked over HTTP/2", (role, isSecure) => {
  const pair = (scheme: string) =>
    requests(at(role, isSecure, byScheme(scheme, "x")), at(role, isSecure, byScheme(scheme, "y")));
  const own = isSecure ? "https" : "http";
  const other = isSecure ? "http" : "https";
  expect(pair(own)).toEqual([{ ...plain, url: `${own}://a.example/`, protocol: "HTTP/1.1" }]);
  expect(pair("ftp")).toEqual([{ ...plain, url: "ftp://a.example/", protocol: "HTTP/2" }]);
  expect(pair("no scheme")).toEqual([]);
  expect(pair(other)).toEqual([
    role === "mesh"
      ? {
          method: "GET",
          url: "http://a.example/",
          headers: [{ name: "x-forwarded-proto", value: "https" }],
          protocol: "HTTP/1.1",
        }
      : { ...plain, url: `${other}://a.example/`, protocol: "HTTP/2" },
  ]);
});

test("what a request cannot have together is in no example", () => {
  const both = (cluster: string) =>
    route(undefined, cluster, {
      headers: [header(":scheme", exact("https")), header("x-forwarded-proto", exact("http"))],
    });
  expect(requests(at("mesh", false, both("x")), at("mesh", false, both("y")))).toEqual([
    {
      method: "GET",
      url: "https://a.example/",
      headers: [{ name: "x-forwarded-proto", value: "http" }],
      protocol: "HTTP/2",
    },
  ]);
  // An upgrade is one of HTTP/1.1, and such a method one of HTTP/2.
  const upgraded = (method: string, cluster: string) =>
    route(undefined, cluster, {
      headers: [header(":method", exact(method)), header("upgrade", exact("websocket"))],
    });
  expect(requests(at("mesh", false, upgraded("FOO", "x")), at("mesh", false, upgraded("FOO", "y")))).toEqual(
    [],
  );
  expect(requests(at("mesh", false, upgraded("PUT", "x")), at("mesh", false, upgraded("PUT", "y")))).toEqual([
    {
      method: "PUT",
      url: "http://a.example/",
      headers: [
        { name: "upgrade", value: "websocket" },
        { name: "connection", value: "upgrade" },
      ],
      protocol: "HTTP/1.1",
    },
  ]);
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
  const opened = diffConfigs(redirected("x"), at("gateway", false, route(prefix("/"), "x")), {});
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
  );
  expect(diff).toMatchObject({
    differences: [],
    protocolChanges: [{ listener: "gateway_443", before: "http", after: "https" }],
  });
  expect(summaryOf(reportOf(diff))).toMatch(/; listener gateway_443 serves https instead of http$/);
});
