import { describe, expect, test } from "vitest";
import type { Action, Forward, Route, RouteOrigin } from "../../ir/ir.ts";
import { emitNativeRoutes } from "./native-routes.ts";
import type { EmitContext } from "./options.ts";
import { testListener, testOptions, testRoute } from "./testing.ts";

const emit = (more: Partial<Route>, options: Partial<EmitContext> = {}) =>
  emitNativeRoutes(testListener([testRoute(more)]), "mesh", testOptions(options)).virtual_hosts[0]!
    .routes![0]!;
const forward = (more: Partial<Forward>) =>
  emit({ action: { ...(testRoute().action as Forward), ...more } as Action }).route;

test("the table", () => {
  expect(emitNativeRoutes(testListener([]), "mesh", testOptions())).toMatchObject({
    name: "mesh",
    ignore_port_in_host_matching: true,
    validate_clusters: false,
    max_direct_response_body_size_bytes: 1_048_576,
    virtual_hosts: [{ name: "a", domains: ["a.example"], include_request_attempt_count: true, routes: [] }],
  });
});

test("a name that is the label of its rule and match, where a rule made it", () => {
  const origin = { ruleId: "shop/a#b c", id: "shop/a#b c.2" } as RouteOrigin;
  expect(emit({ name: "b c", origin })).toMatchObject({ name: "shop/a#b%20c.2" });
  expect(emit({ name: "b c", origin })).not.toHaveProperty("metadata");
  expect(emit({ name: "default" })).not.toHaveProperty("name");
});

test("the match apart where somebody logs or traces", () => {
  const origin = { ruleId: "shop/a#b", id: "shop/a#b.2" } as RouteOrigin;
  const metadata = { filter_metadata: { sluice: { match: "2" } } };
  expect(emit({ origin }, { accessLog: "-" })).toMatchObject({ metadata });
  expect(emit({ origin }, { traceTo: "http://otel:4318" })).toMatchObject({ metadata });
  expect(emit({ origin: { ...origin, id: origin.ruleId } }, { accessLog: "-" })).not.toHaveProperty(
    "metadata",
  );
});

describe("destinations", () => {
  test("one is a cluster", () => {
    expect(forward({ destinations: [{ cluster: "c", weight: 1 }] })?.cluster).toBe("c");
  });

  test("several are weighted with the numbers of the rule", () => {
    const destinations = [
      { cluster: "c", weight: 1 },
      { cluster: "d", weight: 4 },
    ];
    expect(forward({ destinations })?.weighted_clusters).toEqual({
      clusters: [
        { name: "c", weight: 1 },
        { name: "d", weight: 4 },
      ],
    });
  });
});

describe("time and tries", () => {
  test("no timeout is a timeout of 0, and no retries is no policy", () => {
    expect(forward({})).toMatchObject({ timeout: "0s", max_grpc_timeout: "0s" });
    expect(forward({})).not.toHaveProperty("retry_policy");
  });

  test("a timeout bounds what a gRPC client gives the request", () => {
    const action = forward({ timeoutMs: 1500 });
    expect(action).toMatchObject({ timeout: "1.5s", max_grpc_timeout: "1.5s" });
    // With it, Envoy would not look at either.
    expect(action).not.toHaveProperty("max_stream_duration");
  });

  test("retries", () => {
    const retry = {
      attempts: 3,
      perTryTimeoutMs: 250,
      retryOn: ["5xx", "retriable-status-codes"],
      retriableStatusCodes: [404],
      avoidPreviousHosts: true,
      avoidPreviousPriorities: false,
    };
    expect(forward({ retry })?.retry_policy).toMatchObject({
      num_retries: 3,
      per_try_timeout: "0.25s",
      retry_on: "5xx,retriable-status-codes",
      retriable_status_codes: [404],
      host_selection_retry_max_attempts: 5,
    });
    expect(
      forward({
        retry: {
          ...retry,
          perTryTimeoutMs: 0,
          retriableStatusCodes: [],
          avoidPreviousHosts: true,
          avoidPreviousPriorities: false,
        },
      })?.retry_policy,
    ).not.toEqual(expect.objectContaining({ per_try_timeout: expect.anything() }));
  });
});

test("an answer of the proxy itself", () => {
  expect(emit({ action: { kind: "directResponse", status: 418, body: "tea" } }).direct_response).toEqual({
    status: 418,
    body: { inline_string: "tea" },
  });
  expect(emit({ action: { kind: "directResponse", status: 502, body: "" } }).direct_response).toEqual({
    status: 502,
  });
});

test("a fault is configuration of the fault filter for the route", () => {
  const fault = {
    delay: { fixedMs: 2000, perMillion: 1 },
    abort: { kind: "http", status: 503, perMillion: 0 },
  } as const;
  expect(emit({ fault }).typed_per_filter_config).toEqual({
    "envoy.filters.http.fault": {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
      disable_downstream_cluster_stats: true,
      delay: { fixed_delay: "2s", percentage: { numerator: 1, denominator: "MILLION" } },
      abort: { http_status: 503, percentage: { numerator: 0, denominator: "MILLION" } },
    },
  });
  expect(
    emit({ fault: { abort: { kind: "grpc", status: 14, perMillion: 1 } } }).typed_per_filter_config?.[
      "envoy.filters.http.fault"
    ],
  ).toMatchObject({ abort: { grpc_status: 14 } });
});

test("a CORS policy is configuration of the CORS filter for the route", () => {
  const cors = {
    allowOrigins: [
      { kind: "exact", value: "exact" },
      { kind: "prefix", value: "prefix" },
      { kind: "regex", value: "regex" },
    ],
    allowMethods: "GET,PUT",
    allowHeaders: "",
    exposeHeaders: "",
    maxAgeSeconds: 60,
    allowCredentials: true,
    forwardUnmatchedPreflights: true,
  } as const;
  expect(emit({ cors }).typed_per_filter_config).toEqual({
    "envoy.filters.http.cors": {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
      allow_origin_string_match: [
        { exact: "exact" },
        { prefix: "prefix" },
        { safe_regex: { regex: "regex" } },
      ],
      allow_methods: "GET,PUT",
      max_age: "60",
      allow_credentials: true,
      forward_not_matching_preflights: true,
    },
  });
});

test("operations on headers, of the rule and of the destinations of a split", () => {
  const set = (value: string) => ({ remove: ["y"], write: [{ name: "x", value, append: false }] });
  const option = (value: string) => ({
    header: { key: "x", value },
    append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
  });
  const destinations = [
    { cluster: "a", weight: 1, requestHeaders: set("a"), responseHeaders: set("b") },
    { cluster: "b", weight: 1 },
  ];
  const action = { ...(testRoute().action as Forward), requestHeaders: set("1"), destinations };
  const route = emit({ responseHeaders: set("2"), action });
  expect(route).toMatchObject({
    request_headers_to_add: [option("1")],
    request_headers_to_remove: ["y"],
    response_headers_to_add: [option("2")],
    response_headers_to_remove: ["y"],
  });
  expect(route.route?.weighted_clusters?.clusters).toEqual([
    {
      name: "a",
      weight: 1,
      request_headers_to_add: [option("a")],
      request_headers_to_remove: ["y"],
      response_headers_to_add: [option("b")],
      response_headers_to_remove: ["y"],
    },
    { name: "b", weight: 1 },
  ]);
});
