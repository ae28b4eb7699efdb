import { expect, test } from "vitest";
import { route, table } from "../../back/program/rules.fixture.ts";
import type { Config, TcpChain } from "../../ir/ir.ts";
import { changedConnections } from "./connections.ts";
import { diffConfigs } from "./diff.ts";
import { isDifferent, reportOf, summaryOf } from "./report.ts";

function chain(to: string, more: Partial<TcpChain> = {}): TcpChain {
  const destinations = [{ cluster: `outbound|443||${to}`, weight: 1 }];
  return {
    name: to,
    role: "gateway",
    address: "0.0.0.0",
    port: 443,
    serverNames: [],
    ...(more.serverNames && { readsServerName: true }),
    destinations,
    ...more,
  };
}

const config = (...tcpChains: TcpChain[]): Config => ({ listeners: [], clusters: [], tcpChains });

const changes = (before: Config, after: Config) =>
  changedConnections(before, after).map(
    ({ serverName, address, before: was, after: is }) =>
      `${serverName ?? "any name"} ${address ?? "any address"}: ${was} > ${is}`,
  );

test("tells of connections that go elsewhere, are new, or are closed", () => {
  expect(changes(config(chain("a")), config(chain("a")))).toEqual([]);
  expect(changes(config(chain("a")), config(chain("b")))).toEqual([
    "any name any address: to a:443 > to b:443",
  ]);
  expect(changes(config(), config(chain("a")))).toEqual(["any name any address: closed > to a:443"]);
  expect(changes(config(chain("a")), config())).toEqual(["any name any address: to a:443 > closed"]);
});

test("goes by the name that a client asks for, as Envoy chooses", () => {
  const exact = chain("a", { serverNames: ["x.example"] });
  const wide = chain("w", { serverNames: ["*.example"] });
  expect(changes(config(wide), config(wide, exact))).toEqual(["x.example any address: to w:443 > to a:443"]);
  // It went there already.
  expect(changes(config(wide), config(wide, chain("w", { serverNames: ["x.example"] })))).toEqual([]);
  expect(changes(config(exact, wide), config(exact))).toEqual(["any.example any address: to w:443 > closed"]);
});

test("goes by the address that a connection is for, the narrowest first", () => {
  const at = (to: string, ...addresses: string[]) => chain(to, { addresses });
  expect(
    changes(config(at("a", "10.0.0.0/8")), config(at("a", "10.0.0.0/8"), at("b", "10.1.0.1/32"))),
  ).toEqual(["any name 10.1.0.1: to a:443 > to b:443"]);
  expect(changes(config(at("a", "10.0.0.0/8")), config(at("b", "10.0.0.0/8")))).toEqual([
    "any name 10.0.0.0: to a:443 > to b:443",
  ]);
  expect(changes(config(at("a", "0.0.0.0/0", "::/0")), config(at("b", "0.0.0.0/0", "::/0")))).toEqual([
    "any name any address: to a:443 > to b:443",
  ]);
});

test("does not tell of each name what holds for all", () => {
  const named = chain("a", { serverNames: ["x.example"] });
  expect(changes(config(chain("a"), named), config(chain("b")))).toEqual([
    "any name any address: to a:443 > to b:443",
  ]);
});

test("knows servers of HTTP beside them", () => {
  const http: Config = {
    listeners: [
      {
        name: "gateway_443",
        role: "gateway",
        address: "0.0.0.0",
        port: 443,
        routes: table({ a: [route(undefined, "x")] }),
      },
    ],
    clusters: [],
  };
  const both = { ...http, tcpChains: [chain("a", { serverNames: ["x.example"] })] };
  expect(changes(http, both)).toEqual(["x.example any address: read as HTTP by gateway_443 > to a:443"]);
});

test("makes a difference, and is counted", () => {
  const report = reportOf(diffConfigs(config(chain("a")), config(chain("b"))));
  expect(isDifferent(report)).toBe(true);
  expect(summaryOf(report)).toBe(
    "no request is decided differently; 1 kind of non-HTTP connection is routed differently",
  );
});
