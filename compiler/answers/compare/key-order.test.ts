/** Data that differs in nothing but the order of its keys is the same data, to whoever compares it or writes it. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeProgram } from "../../back/program/encode.ts";
import { routeTable } from "../../back/program/rules.arbitrary.ts";
import { exact, route, to } from "../../back/program/rules.fixture.ts";
import type { Config, Forward, Route, RouteTable } from "../../ir/ir.ts";
import { classesOf } from "../../ir/route-class.ts";
import { diffConfigs } from "../diff/diff.ts";
import { outcomeOf } from "./outcome.ts";

/** A copy with the keys of every object the other way round. */
function turned<T>(value: T): T {
  if (value === null || typeof value !== "object") {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(turned) as T;
  }
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, member]) => [key, turned(member)])) as T;
}

const headers = { remove: ["x-a"], write: [{ name: "x-b", value: "%PROTOCOL%", append: true }] };
const RICH: Route = {
  ...route(exact("/rich"), {
    ...(to({ c1: 2, c2: 4 }) as Forward),
    rewrite: { kind: "matched", value: "/x" },
    requestHeaders: headers,
    mirrors: [{ cluster: "m", perMillion: 1 }],
    hash: [{ kind: "header", name: "x-user" }],
  }),
  fault: { delay: { fixedMs: 1, perMillion: 1 }, abort: { kind: "http", status: 503, perMillion: 2 } },
  rateLimit: {
    bucket: "a/b#1",
    requests: 1,
    periodMs: 1000,
    burst: 2,
    by: { kind: "header", name: "x-key" },
  },
  responseHeaders: headers,
  statPrefix: "rich",
};

const withRich = (table: RouteTable): RouteTable => ({
  ...table,
  virtualHosts: table.virtualHosts.map((host) => ({ ...host, routes: [RICH, ...host.routes] })),
});

const config = (routes: RouteTable): Config => ({
  listeners: [{ name: "mesh", role: "mesh", address: "127.0.0.1", port: 1, routes }],
  clusters: [],
});

test("outcomes, classes, programs and differences do not depend on the order of keys", () => {
  fc.assert(
    fc.property(routeTable.map(withRich), (table) => {
      const other = turned(table);
      const routesOf = ({ virtualHosts }: RouteTable) => virtualHosts.flatMap(({ routes }) => routes);
      expect(routesOf(other).map(outcomeOf)).toEqual(routesOf(table).map(outcomeOf));
      expect([...classesOf(other).keys()]).toEqual([...classesOf(table).keys()]);
      expect(encodeProgram(other)).toEqual(encodeProgram(table));
      const { differences, cuts } = diffConfigs(config(table), config(other));
      expect([differences, cuts]).toEqual([[], []]);
    }),
    { numRuns: 50 },
  );
});

test("outcomes of other content stay different", () => {
  expect(outcomeOf(turned({ ...RICH, fault: { delay: { fixedMs: 2, perMillion: 1 } } }))).not.toBe(
    outcomeOf(RICH),
  );
});
