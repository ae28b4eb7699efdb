import { describe, expect, test } from "vitest";
import type { Target } from "../../options.ts";
import { emitHttpConnectionManager } from "./http-connection-manager.ts";
import type { EmitContext } from "./options.ts";
import { INLINE, testListener, testOptions, testRoute, testSource } from "./testing.ts";

const emit = (more: Partial<EmitContext> = {}, role: "gateway" | "mesh" = "mesh") =>
  emitHttpConnectionManager(testListener([], { role }), false, testOptions(more)).typed_config;

test.each([
  ["NONE", false, undefined, "KEEP_UNCHANGED"],
  ["BASE", true, undefined, "KEEP_UNCHANGED"],
  ["MERGE_SLASHES", true, true, "KEEP_UNCHANGED"],
  ["DECODE_AND_MERGE_SLASHES", true, true, "UNESCAPE_AND_FORWARD"],
] as const)("path normalization %s", (normalization, normalize, merge, escaped) => {
  const manager = emit({ normalization });
  expect(manager.normalize_path).toBe(normalize);
  expect(manager.merge_slashes).toBe(merge);
  expect(manager.path_with_escaped_slashes_action).toBe(escaped);
});

test("only an edge listener distrusts where a client says it comes from", () => {
  expect(emit({}, "gateway").use_remote_address).toBe(true);
  expect(emit({}, "mesh").use_remote_address).toBe(false);
});

test.each(["gateway", "mesh"] as const)("no address is internal to a %s", (role) => {
  // An empty list of addresses would mean all private networks to Envoy.
  expect(emit({}, role)).not.toHaveProperty("internal_address_config");
});

test("no log of requests", () => {
  expect(emit()).not.toHaveProperty("access_log");
});

describe("wasm", () => {
  const manager = emit({ target: "wasm" });

  test("the filter comes by discovery, under the listener's name", () => {
    expect(manager.http_filters.map(({ name }) => name)).toEqual(["mesh", "envoy.filters.http.router"]);
    expect(manager.http_filters[0]).toMatchObject({
      config_discovery: { config_source: testSource("extension mesh") },
    });
  });

  test("Envoy's CORS filter stands behind it only where a rule has a policy", () => {
    const cors = {
      allowOrigins: [],
      allowMethods: "",
      allowHeaders: "",
      exposeHeaders: "",
      allowCredentials: false,
      forwardUnmatchedPreflights: true,
    };
    const listener = testListener([testRoute({ cors })]);
    const { http_filters: filters } = emitHttpConnectionManager(listener, false, testOptions()).typed_config;
    expect(filters.map(({ name }) => name)).toEqual([
      "mesh",
      "envoy.filters.http.cors",
      "envoy.filters.http.router",
    ]);
  });

  test("route classes come by discovery, so that a new one ends no connection", () => {
    expect(manager.rds?.route_config_name).toBe("mesh");
    expect(manager.rds?.config_source).toEqual(testSource("routes mesh"));
  });
});

test("native: routes come by discovery, faults from Envoy's own filter", () => {
  const manager = emit({ target: "native" });
  expect(manager.rds?.route_config_name).toBe("mesh");
  expect(manager.rds?.config_source).toEqual(testSource("routes mesh"));
  expect(manager.http_filters.map(({ name }) => name)).toEqual([
    "envoy.filters.http.fault",
    "envoy.filters.http.cors",
    "envoy.filters.http.router",
  ]);
});

test.each(["wasm", "native"] as const)(
  "target %s: who forwards to the host of a request looks it up last",
  (target) => {
    const names = (forwardProxy: boolean) =>
      emitHttpConnectionManager(
        testListener(),
        forwardProxy,
        testOptions({ target }),
      ).typed_config.http_filters.map(({ name }) => name);
    expect(names(true).slice(-2)).toEqual([
      "envoy.filters.http.dynamic_forward_proxy",
      "envoy.filters.http.router",
    ]);
    expect(names(false)).toEqual(names(true).filter((name) => !name.includes("forward")));
  },
);

test("without a place of its own for it, the listener holds what it decides from", () => {
  const inline = (target: Target) =>
    emitHttpConnectionManager(testListener(), false, testOptions({ target, places: INLINE })).typed_config;
  expect(inline("native").route_config?.virtual_hosts[0]?.domains).toEqual(["a.example"]);
  expect(inline("wasm").http_filters[0]).toMatchObject({
    typed_config: { config: { root_id: "mesh", configuration: { value: "AQID" } } },
  });
});
