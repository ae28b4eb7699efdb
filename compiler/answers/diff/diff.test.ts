import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { thoroughly } from "../../../test/harness/thorough.ts";
import { request, routeTable } from "../../back/program/rules.arbitrary.ts";
import { exact, header, prefix, present, regex, route, table, to } from "../../back/program/rules.fixture.ts";
import type { Config, Route, RouteTable, ValueMatch } from "../../ir/ir.ts";
import { outcomeOf } from "../compare/outcome.ts";
import { arrive } from "../evaluate/arrival.ts";
import { naiveRoute } from "../evaluate/trial.ts";
import { type Diff, diffConfigs } from "./diff.ts";

function config(routes: RouteTable): Config {
  return { listeners: [{ name: "mesh", role: "mesh", address: "127.0.0.1", port: 1, routes }], clusters: [] };
}

function diff(before: RouteTable, after: RouteTable, maxWork?: number, maxAtOnce?: number): Diff {
  return diffConfigs(config(before), config(after), {
    ...(maxWork !== undefined && { maxWork }),
    ...(maxAtOnce !== undefined && { maxAtOnce }),
  });
}

const one = (...routes: Route[]) => table({ a: routes });
const target = (found: Route | undefined) =>
  found?.action.kind === "forward" ? found.action.destinations[0]!.cluster : "none";

function found(before: RouteTable, after: RouteTable): string[] {
  const { differences, cuts } = diff(before, after);
  expect(cuts).toEqual([]);
  return differences
    .map(
      ({ request, before: was, after: is }) =>
        `${request.method} ${request.path}${request.headers.map((line) => ` ${line.join(":")}`).join("")} ${target(was)}>${target(is)}`,
    )
    .sort();
}

describe("diff", () => {
  test("finds nothing between rules that only look different", () => {
    expect(found(one(route(prefix("/"), "x")), one(route(undefined, "x")))).toEqual([]);
    expect(
      found(
        one(route(regex("/(a|b)"), "x"), route(undefined, "y")),
        one(route(exact("/b"), "x"), route(exact("/a"), "x"), route(undefined, "y")),
      ),
    ).toEqual([]);
    // The second never had a request.
    expect(
      found(one(route(prefix("/a"), "x"), route(prefix("/ab"), "y")), one(route(prefix("/a"), "x"))),
    ).toEqual([]);
  });

  test.each(["constructor", "__proto__", "valueof"])("takes %s for a header like any other", (name) => {
    expect(
      found(
        one(route(undefined, "x", { headers: [header(name, exact("1"))] }), route(undefined, "y")),
        one(route(undefined, "z", { headers: [header(name, exact("1"))] }), route(undefined, "y")),
      ),
    ).toEqual([`GET / ${name}:1 x>z`]);
  });

  test("shows each pair of rules that decide otherwise by one request", () => {
    expect(
      found(
        one(route(prefix("/api"), "x"), route(undefined, "y")),
        one(route(prefix("/api/"), "x"), route(undefined, "y")),
      ),
    ).toEqual(["GET /api x>y"]);
    expect(
      found(
        one(route(regex("/u/[0-9]+"), "x")),
        one(route(regex("/u/[0-9a-f]+"), "x", { headers: [header(":method", exact("POST"))] })),
      ),
    ).toEqual(["GET /u/0 x>none", "POST /u/a none>x"]);
  });

  test("looks at headers, missing ones too, and at query parameters", () => {
    const before = one(route(undefined, "x", { headers: [header("v", present)] }), route(undefined, "y"));
    const after = one(
      route(undefined, "y", { headers: [header("v", exact(""), { invert: true, missingAsEmpty: true })] }),
      route(undefined, "x"),
    );
    expect(found(before, after)).toEqual(["GET / v:a x>y", "GET / y>x"]);
    const query = (value: ValueMatch) =>
      one(route(undefined, "x", { queryParams: [{ name: "q", match: value }] }));
    expect(found(query(exact("1")), query(prefix("1")))).toEqual(["GET /?q=1a none>x"]);
  });

  test("looks at headers in several lines", () => {
    const a = route(undefined, "x", { headers: [header("v", exact("a"))] });
    const b = route(undefined, "y", { headers: [header("v", exact("b"))] });
    expect(found(one(a, b), one(b, a))).toEqual(["GET / v:a v:b x>y"]);
  });

  test("looks at hosts: what is new, gone, and taken by another domain", () => {
    const before = table({ "a.example": [route(undefined, "x")], "*.example": [route(undefined, "w")] });
    const after = table({ "b.example": [route(undefined, "y")], "*.example": [route(undefined, "w")] });
    const { differences } = diff(before, after);
    expect(differences.map(({ domains, request }) => [domains, request.authority])).toEqual([
      [["a.example"], "a.example"],
      [["b.example"], "b.example"],
    ]);
  });

  test("tells once what is the same at several domains of a host, and each host by itself", () => {
    const hosts = (cluster: string, own: string): RouteTable => ({
      ignorePortInHost: false,
      virtualHosts: [
        { name: "a", domains: ["a.example:80", "a.example"], routes: [route(prefix("/a"), cluster)] },
        { name: "b", domains: ["b.example"], routes: [route(prefix("/a"), cluster)] },
        {
          name: "*",
          domains: ["*"],
          routes: [route(undefined, own, { headers: [header(":authority", exact("c.example"))] })],
        },
      ],
    });
    const nobody: RouteTable = { ...hosts("x", "x"), virtualHosts: hosts("x", "x").virtualHosts.slice(2) };
    const told = diff(hosts("x", "x"), nobody).differences;
    expect(told.map(({ domains, request: { authority, path } }) => [domains, authority + path])).toEqual([
      [["a.example", "a.example:80"], "a.example/a"],
      [["b.example"], "b.example/a"],
    ]);
  });

  test("tells rules apart that replace what they have matched", () => {
    const rewrite = (path: string, value: string) =>
      one(
        route(prefix(path), { ...to("x"), rewrite: { kind: "matched", value } } as Route["action"]),
        route(undefined, "x"),
      );
    expect(found(rewrite("/a", "/b"), rewrite("/a", "/b"))).toEqual([]);
    expect(found(rewrite("/a", "/b"), rewrite("/a", "/c"))).toEqual(["GET /a x>x"]);
  });

  test("finds a path for which a prefix and an expression do not come to the same", () => {
    const rewrite = (path: ValueMatch) => {
      if (path.kind === "present") {
        throw new Error("no path");
      }
      return one(route(path, { ...to("x"), rewrite: { kind: "matched", value: "/" } } as Route["action"]));
    };
    expect(found(rewrite(regex("/a/.*")), rewrite(prefix("/a/")))).toEqual(["GET /a/x x>x"]);
    expect(found(rewrite(regex("/a/")), rewrite(exact("/a/")))).toEqual([]);
  });

  test("asks the domain of all hosts whatever others there are", () => {
    const others = ["any", "some", "other", ...Array.from({ length: 30 }, (_, i) => `x${i}`)];
    const hosts = (cluster: string) =>
      table({
        "*": [route(undefined, cluster)],
        "*.example": [route(undefined, "w")],
        ...Object.fromEntries(others.map((name) => [name, [route(undefined, name)]])),
      });
    expect(diff(hosts("x"), hosts("y")).differences.map(({ domains }) => domains)).toEqual([["*"]]);
    const below = (cluster: string) =>
      table({
        "*.shop.example": [route(undefined, cluster)],
        ...Object.fromEntries(others.map((name) => [`${name}.shop.example`, [route(undefined, name)]])),
      });
    expect(diff(below("x"), below("y")).differences).toHaveLength(1);
  });

  test("looks only around what has changed when there are thousands of rules", () => {
    const rules = (cluster: string) => [
      ...Array.from({ length: 2000 }, (_, i) => route(prefix(`/p/${i}/`), i === 999 ? cluster : "x")),
      ...Array.from({ length: 300 }, (_, i) =>
        route(undefined, i === 99 ? cluster : "z", { headers: [header("t", exact(`t${i}`))] }),
      ),
    ];
    expect(found(one(...rules("x")), one(...rules("y")))).toEqual(["GET / t:t99 x>y", "GET /p/999/ x>y"]);
  });

  test("compares rules of many headers in full where few have changed", () => {
    const rules = (cluster: string) =>
      one(
        ...Array.from({ length: 600 }, (_, i) =>
          route(undefined, i % 200 === 7 ? cluster : "x", {
            headers: [header(`h${i % 30}`, exact(`t${i}`))],
          }),
        ),
      );
    expect(found(rules("x"), rules("y"))).toEqual([
      "GET / h17:t407 x>y",
      "GET / h27:t207 x>y",
      "GET / h7:t7 x>y",
    ]);
  });

  test("says so when it gives up", { timeout: 600_000 }, () => {
    const rules = (seed: number) =>
      one(
        ...Array.from({ length: 40 }, (_, i) =>
          route(undefined, `c${(i * seed) % 41}`, {
            headers: [header(`x-${i}`, exact("1")), header(`y-${(i * 7) % 40}`, exact("1"))],
          }),
        ),
      );
    expect(diff(rules(1), rules(2), 5_000).cuts).toHaveLength(1);
    // Twelve wild expressions have some 2^12 sets that may hold together; twenty have too many.
    const wild = (count: number, other: string) =>
      one(
        ...Array.from({ length: count }, (_, i) =>
          route(
            regex(`/.*${String.fromCharCode(97 + i)}.{${i}}${String.fromCharCode(98 + i)}.*`),
            i === 0 ? other : "x",
          ),
        ),
      );
    const { cuts, differences } = diff(wild(24, "x"), wild(24, "y"));
    expect(cuts.length).toBeGreaterThan(0);
    expect(differences.length).toBeGreaterThan(0);
  });
});

/** Some rules are taken away, moved or replaced: what a change of rules looks like. */
const pair = fc
  .tuple(routeTable, routeTable, fc.array(fc.nat(), { maxLength: 3 }), fc.boolean())
  .map(([before, other, places, unrelated]): [RouteTable, RouteTable] => {
    if (unrelated) {
      return [before, other];
    }
    const spare = other.virtualHosts.flatMap(({ routes }) => routes);
    const changed = (routes: readonly Route[]) => {
      const list = [...routes];
      for (const [i, place] of places.entries()) {
        const [taken] = list.splice(place % (list.length + 1), 1);
        if (i % 2 === 0 && spare.length > 0) {
          list.splice(place % 3, 0, spare[place % spare.length]!);
        } else if (taken) {
          list.unshift(taken);
        }
      }
      return list;
    };
    return [
      before,
      {
        ...before,
        virtualHosts: before.virtualHosts.map((host) => ({ ...host, routes: changed(host.routes) })),
      },
    ];
  });
const PAIRS = thoroughly(100);
const REQUESTS = 60;

describe("held against the naive reference", () => {
  test(`covers what ${PAIRS * REQUESTS} requests find, and shows nothing that is not so`, {
    timeout: 600_000,
  }, () => {
    let decidedDifferently = 0;
    let shown = 0;
    let cut = 0;
    let runs = 0;
    fc.assert(
      fc.property(
        pair,
        fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS }),
        ([before, after], requests) => {
          // Both ways: all at once, and around what has changed.
          const { differences, cuts } = diff(before, after, undefined, runs++ % 2 === 0 ? 0 : undefined);
          for (const difference of differences) {
            const arrival = arrive(difference.request, { role: "mesh" }, "BASE");
            if (arrival.kind !== "request") {
              throw new Error("Envoy refuses this witness");
            }
            expect(naiveRoute(before, arrival.request)).toBe(difference.before);
            expect(naiveRoute(after, arrival.request)).toBe(difference.after);
            expect(decision(difference.before)).not.toBe(decision(difference.after));
            shown++;
          }
          if (cuts.length > 0) {
            cut++;
            return;
          }
          const pairs = new Map<Route | undefined, Set<Route | undefined>>();
          for (const difference of differences) {
            const rights = pairs.get(difference.before) ?? new Set();
            pairs.set(difference.before, rights.add(difference.after));
          }
          for (const asked of requests) {
            const was = naiveRoute(before, asked);
            const is = naiveRoute(after, asked);
            if (decision(was) === decision(is)) {
              continue;
            }
            decidedDifferently++;
            if (pairs.get(was)?.has(is) !== true) {
              expect({ asked, was: target(was), is: target(is) }).toEqual(
                "covered by a difference that is told",
              );
            }
          }
        },
      ),
      { numRuns: PAIRS, seed: 20_261 },
    );
    // A test without differences would pass, too.
    expect(decidedDifferently).toBeGreaterThan(PAIRS * 5);
    expect(shown).toBeGreaterThan(PAIRS);
    expect(cut).toBeLessThan(PAIRS / 20);
  });
});

function decision(taken: Route | undefined): string {
  return taken === undefined ? "none" : outcomeOf(taken);
}
