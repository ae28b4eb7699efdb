import { expect, test } from "vitest";
import { isHttpConnectionManager } from "../../back/xds/http-connection-manager.ts";
import type { Resource } from "../../back/xds/resource-set.ts";
import { emitResources, resourceWithClasses } from "../../back/xds/resources.ts";
import type { EnvoyRoute } from "../../back/xds/route-configuration.ts";
import { testListener, testOptions, testRoute } from "../../back/xds/testing.ts";
import type { CorsPolicy, Listener } from "../../ir/ir.ts";
import { bothOf, listenersOfBoth, routesOfBoth, withFiltersOf } from "./superset.ts";

const EMITTED = emitResources({ listeners: [testListener()], clusters: [] }, testOptions());
const table = (classes: Readonly<Record<string, number>>) =>
  resourceWithClasses(
    EMITTED.routes.get("mesh")!,
    new Map(
      Object.entries(classes).map(([name, port]): [string, EnvoyRoute] => [
        name,
        { name: String(port), match: { prefix: "" } },
      ]),
    ),
  );
const classesOf = ({ classes }: Resource<"routes">) =>
  Object.fromEntries([...(classes ?? [])].map(([name, route]) => [name, Number(route.name)]));

test("both sets of rules find the classes that they name", () => {
  const both = routesOfBoth(table({ a: 1, b: 1 }), table({ b: 2, c: 2 }));
  expect(classesOf(both)).toEqual({ a: 1, b: 2, c: 2 });
  const map = both.message.virtual_hosts[0]?.matcher?.matcher_tree.exact_match_map.map;
  expect(Object.keys(map ?? {}).sort()).toEqual(["a", "b", "c"]);
});

test("nothing is kept when nothing goes", () => {
  const next = table({ a: 1, b: 1 });
  expect(routesOfBoth(table({ a: 1 }), next)).toBe(next);
  expect(routesOfBoth(undefined, next)).toBe(next);
  const newer = new Map([["mesh", next]]);
  expect(bothOf(new Map([["mesh", table({})]]), newer)).toBe(newer);
});

const CORS: CorsPolicy = {
  allowOrigins: [],
  allowMethods: "",
  allowHeaders: "",
  exposeHeaders: "",
  allowCredentials: false,
  forwardUnmatchedPreflights: true,
};

function listeners(...all: Listener[]) {
  const blobs = new Map(all.map(({ name }) => [name, Uint8Array.of(1)]));
  return emitResources({ listeners: all, clusters: [] }, testOptions({ blobs })).listener;
}
const mesh = (port: number, hasCors: boolean) =>
  testListener([testRoute(hasCors ? { cors: CORS } : {})], { port });
const only = (listener: Listener) => listeners(listener).get(listener.name)!;
const filtersOf = ({ message }: Resource<"listener">) =>
  message.filter_chains.map(({ filters: [filter] }) =>
    filter && isHttpConnectionManager(filter)
      ? filter.typed_config.http_filters.map(({ name }) => name.split(".").at(-1))
      : [],
  );

test("a listener keeps a filter for as long as old rules need it", () => {
  const both = withFiltersOf(only(mesh(1, true)), only(mesh(2, false)));
  expect(filtersOf(both)).toEqual([["mesh", "cors", "router"]]);
  expect(both.message).toMatchObject({ address: { socket_address: { port_value: 2 } } });
});

test("the newer listener serves both where it has every filter, or where there is nothing to keep", () => {
  const [plain, cors] = [only(mesh(1, false)), only(mesh(2, true))];
  expect(withFiltersOf(plain, cors)).toBe(cors);
  expect(withFiltersOf(only(mesh(2, false)), plain)).toBe(plain);
  expect(withFiltersOf(undefined, plain)).toBe(plain);
  // Another filter's listener is another listener.
  expect(withFiltersOf(only(testListener([testRoute({ cors: CORS })], { name: "other" })), plain)).toBe(
    plain,
  );
});

test("each of the chains on a socket keeps its own", () => {
  const secure = (name: string, hasCors: boolean): Listener => ({
    ...mesh(1, hasCors),
    name,
    tls: {
      serverNames: [`${name}.example`],
      certificates: ["shown"],
      clientCertificate: "none",
      subjectAltNames: [],
      spkiHashes: [],
      certificateHashes: [],
      cipherSuites: [],
      curves: [],
    },
  });
  const before = listeners(secure("a", false), secure("b", true));
  const after = listeners(secure("a", false), secure("b", false));
  expect([...listenersOfBoth(before, after).values()].map(filtersOf)).toEqual([
    [
      ["a", "router"],
      ["b", "cors", "router"],
    ],
  ]);
});
