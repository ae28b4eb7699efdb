import { expect, test } from "vitest";
import type { Forward, Route } from "../../ir/ir.ts";
import { classesOf } from "../../ir/route-class.ts";
import { testListener, testRoute } from "./testing.ts";
import { emitClasses, emitClassRoutes } from "./wasm-routes.ts";

const routes = (...list: Route[]) => emitClassRoutes("mesh", emitClasses(testListener(list)));
const matcher = (...list: Route[]) => routes(...list).virtual_hosts[0]!.matcher!;
const forward = (more: Partial<Forward>): Route =>
  testRoute({ action: { ...(testRoute().action as Forward), ...more } });

test("a class and the default, both to the cluster that the filter names", () => {
  const { matcher_tree: tree, on_no_match: none } = matcher();
  expect(tree.input.typed_config).toMatchObject({ header_name: "x-sluice-class" });
  expect(Object.keys(tree.exact_match_map.map)).toEqual(["retry"]);
  const retry = tree.exact_match_map.map.retry!.action.typed_config;
  expect(retry.route).toMatchObject({ cluster_header: "x-sluice-cluster", timeout: "0s" });
  expect(retry.route?.retry_policy).not.toHaveProperty("retry_on");
  expect(none.action.typed_config.route).toMatchObject({
    cluster_header: "x-sluice-cluster",
    timeout: "0s",
    retry_policy: {
      num_retries: 2,
      retry_on: "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
    },
  });
});

test("a class that is not there has no route", () => {
  expect(matcher().on_no_match.action.typed_config.match).toEqual({
    prefix: "",
    headers: [{ name: "x-sluice-class", present_match: true, invert_match: true }],
  });
});

test("decision headers are taken from no client and shown to no upstream", () => {
  expect(routes().request_headers_to_remove).toEqual(["x-sluice-cluster", "x-sluice-class"]);
  expect(routes().internal_only_headers).toEqual(
    expect.arrayContaining(["x-sluice-cluster", "x-sluice-class"]),
  );
});

test("mirrors", () => {
  const route = forward({ mirrors: [{ cluster: "copy", perMillion: 500_000 }] });
  const name = [...classesOf(testListener([route]).routes).keys()].find((key) => key !== "retry")!;
  expect(matcher(route).matcher_tree.exact_match_map.map[name]!.action.typed_config).toMatchObject({
    name,
    route: {
      cluster_header: "x-sluice-cluster",
      request_mirror_policies: [
        {
          cluster: "copy",
          runtime_fraction: { default_value: { numerator: 500_000, denominator: "MILLION" } },
          trace_sampled: false,
          disable_shadow_host_suffix_append: true,
        },
      ],
    },
  });
});

test("where a retry goes, and when", () => {
  const retry = {
    attempts: 1,
    perTryTimeoutMs: 0,
    retryOn: ["5xx"],
    retriableStatusCodes: [],
    avoidPreviousHosts: true,
    avoidPreviousPriorities: false,
  };
  const policy = (more: object) => {
    const route = forward({ retry: { ...retry, ...more } });
    const map = matcher(route).matcher_tree.exact_match_map.map;
    const name = Object.keys(map).find((key) => key !== "retry") ?? "retry";
    return map[name]!.action.typed_config.route!.retry_policy!;
  };
  expect(policy({})).toMatchObject({ retry_host_predicate: [{}], host_selection_retry_max_attempts: 5 });
  expect(policy({ avoidPreviousHosts: true })).toEqual(policy({}));
  expect(policy({ avoidPreviousHosts: false })).not.toHaveProperty("retry_host_predicate");
  expect(policy({ avoidPreviousPriorities: true })).toMatchObject({
    retry_priority: { name: "envoy.retry_priorities.previous_priorities" },
  });
  expect(policy({ backOffMs: 10 })).toMatchObject({ retry_back_off: { base_interval: "0.01s" } });
});

const write = (name: string, value: string, append = false) => ({ name, value, append });
const classRoute = (route: Route) => {
  const map = matcher(route).matcher_tree.exact_match_map.map;
  const names = Object.keys(map).filter((name) => name !== "retry");
  expect(names).toHaveLength(1);
  return map[names[0]!]!.action.typed_config;
};

test("operations on headers: the destination's own at the destination, so that they come first", () => {
  const destination = {
    cluster: "a",
    weight: 1,
    responseHeaders: { remove: ["x"], write: [write("y", "1", true)] },
  };
  const route = {
    ...forward({ destinations: [destination] }),
    responseHeaders: { remove: [], write: [write("y", "%PROTOCOL%")] },
  };
  const emitted = classRoute(route);
  expect(emitted.response_headers_to_add).toEqual([
    { header: { key: "y", value: "%PROTOCOL%" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" },
  ]);
  expect(emitted.route?.weighted_clusters).toEqual({
    clusters: [
      {
        cluster_header: "x-sluice-cluster",
        weight: 1,
        response_headers_to_remove: ["x"],
        response_headers_to_add: [
          { header: { key: "y", value: "1" }, append_action: "APPEND_IF_EXISTS_OR_ADD" },
        ],
      },
    ],
  });
  expect(emitted.route).not.toHaveProperty("cluster_header");
});

test("no variable of a request's operations sees our own headers", () => {
  const headers = { remove: ["x-a"], write: [write("x-b", "%REQ(x-sluice-cluster)%")] };
  expect(classRoute(forward({ requestHeaders: headers })).request_headers_to_remove).toEqual([
    "x-sluice-cluster",
    "x-sluice-class",
    "x-a",
  ]);
});

test("an answer whose headers have variables is Envoy's", () => {
  const route = testRoute({
    action: { kind: "directResponse", status: 418, body: "teapot" },
    responseHeaders: { remove: [], write: [write("x", "%PROTOCOL%")] },
  });
  expect(classRoute(route)).toMatchObject({
    direct_response: { status: 418, body: { inline_string: "teapot" } },
    response_headers_to_add: [{ header: { key: "x", value: "%PROTOCOL%" } }],
  });
});
