/** A rule that is said never to be reached takes no request, whatever is asked. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { thoroughly } from "../../../test/harness/thorough.ts";
import { request, routeTable } from "../../back/program/rules.arbitrary.ts";
import { exact, header, prefix, regex, route, table } from "../../back/program/rules.fixture.ts";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { loadResources } from "../../front/resources/model.ts";
import type { Config, Listener, Route, RouteTable } from "../../ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { arrive } from "../evaluate/arrival.ts";
import { matches, naiveRoute } from "../evaluate/trial.ts";
import { reportNeverReached } from "./never-reached.ts";

const NO_RESOURCES = loadResources([], { report: () => {} });
const FILE = { path: "rules.yaml", text: "" };

/** Each rule at a place of its own; the same rule in two virtual hosts is one. */
function withOrigins(routes: RouteTable): RouteTable {
  const placed = new Map<Route, Route>();
  const place = (one: Route): Route => {
    const known = placed.get(one);
    if (known !== undefined) {
      return known;
    }
    const at = placed.size;
    const made = {
      ...one,
      origin: {
        id: `a/b#${at + 1}`,
        ruleId: `a/b#${at + 1}`,
        resource: "a/b",
        rule: at,
        span: { file: FILE, start: at, end: at + 1 },
      },
    };
    placed.set(one, made);
    return made;
  };
  const lists = new Map<readonly Route[], Route[]>();
  const virtualHosts = routes.virtualHosts.map((host) => {
    const list = lists.get(host.routes) ?? host.routes.map(place);
    lists.set(host.routes, list);
    return { ...host, routes: list };
  });
  return { ...routes, virtualHosts };
}

/** The rules that are said never to be reached, by their place. */
function neverReached(routes: RouteTable, role: Listener["role"], tls?: Listener["tls"]): Set<number> {
  const config: Config = {
    listeners: [{ name: "one", role, address: "127.0.0.1", port: 1, routes, ...(tls && { tls }) }],
    clusters: [],
  };
  const said: Diagnostic[] = [];
  reportNeverReached({ config, resources: NO_RESOURCES, findings: [] }, DEFAULT_PROXY_OPTIONS, {
    report: (one) => said.push(one),
  });
  return new Set(said.map(({ span }) => span!.start));
}

const TABLES = thoroughly(30);
const REQUESTS = 60;

test(`${TABLES * REQUESTS} requests reach no rule that is said never to be reached`, {
  timeout: 600_000,
}, () => {
  let told = 0;
  let wanted = 0;
  fc.assert(
    fc.property(
      routeTable.map(withOrigins),
      fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS }),
      fc.constantFrom("gateway" as const, "mesh" as const),
      (routes, requests, role) => {
        const silent = neverReached(routes, role);
        told += silent.size;
        for (const asked of requests) {
          const arrival = arrive(
            { method: "GET", headers: [], ...asked, protocol: "HTTP/1.1" },
            { role },
            "BASE",
          );
          if (arrival.kind === "refused") {
            continue;
          }
          const taken = naiveRoute(routes, arrival.request);
          if (taken !== undefined) {
            expect(silent).not.toContain(taken.origin!.rule);
          }
          for (const { routes: list } of routes.virtualHosts) {
            for (const { match, origin } of list) {
              wanted += Number(silent.has(origin!.rule) && matches(match, arrival.request));
            }
          }
        }
      },
    ),
    { numRuns: TABLES, seed: 20_261 },
  );
  // A test that is told of no such rule, or never asks for one, would pass, too.
  expect(told).toBeGreaterThan(TABLES / 2);
  expect(wanted).toBeGreaterThan(TABLES);
});

test("among hundreds of rules, all that are hidden are found, and no others", () => {
  const rules = [
    ...Array.from({ length: 200 }, (_, i) => route(prefix(`/p/${i}/`), "x")),
    ...Array.from({ length: 200 }, (_, i) => route(exact(`/p/${i}/in`), "y")),
    ...Array.from({ length: 60 }, (_, i) => route(regex(`/q/[a-z]+/${i}`), "z")),
    route(exact("/q/a/7"), "hidden"),
    route(exact("/q/a/77"), "reached"),
  ];
  const hidden = [...Array.from({ length: 200 }, (_, i) => 200 + i), 460];
  expect([...neverReached(withOrigins(table({ a: rules })), "gateway")]).toEqual(hidden);
});

test("what never comes to a listener meets no rule there", () => {
  const routes = withOrigins(
    table({
      a: [
        route(undefined, "x", { headers: [header("x-forwarded-proto", exact("https"))] }),
        route(undefined, "y", { headers: [header("keep-alive", exact("5"))] }),
        // Whoever asks through a balancer that ends TLS says so, over HTTP/2.
        route(undefined, "z", { headers: [header(":scheme", exact("https"))] }),
        route(undefined, "z", { headers: [header(":method", exact("FOO"))] }),
        // Over HTTP/1.1 only.
        route(undefined, "z", { headers: [header("upgrade", exact("websocket"))] }),
        route(undefined, "z"),
      ],
    }),
  );
  expect([...neverReached(routes, "gateway")]).toEqual([0, 1]);
  expect([...neverReached(routes, "mesh")]).toEqual([1]);
});
