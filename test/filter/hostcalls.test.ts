/**
 * What a request costs at the border between Envoy and the filter: every call across it, in order, with what is handed
 * over. A call more is a microsecond more for every request of its kind.
 */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HostRequest } from "../../compiler/answers/request/wire.ts";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { SharedData } from "../../compiler/answers/wasm-host/shared-data.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { exact, ofRule, prefix, route, table, to } from "../../compiler/back/program/rules.fixture.ts";
import { claimName } from "../../compiler/ir/authentication.ts";
import type { Action, Forward, HeaderMatch, Route } from "../../compiler/ir/ir.ts";
import type { RateLimit } from "../../compiler/ir/rate-limit.ts";
import { listeningWebAssembly } from "../harness/host-calls.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));
const ALWAYS = 1_000_000;
const FAULT_TEXTS = '"fault_filter_abort" "fault filter abort"';

/** What the arguments of a call are: a text is two of them, where it begins and how long it is. */
const ARGUMENTS: Readonly<Record<string, readonly ("map" | "text" | "lines" | "result" | "number")[]>> = {
  proxy_get_header_map_pairs: ["map", "result", "result"],
  proxy_add_header_map_value: ["map", "text", "text"],
  proxy_replace_header_map_value: ["map", "text", "text"],
  proxy_remove_header_map_value: ["map", "text"],
  proxy_send_local_response: ["number", "text", "text", "lines", "number"],
  proxy_get_property: ["text", "result", "result"],
  proxy_get_shared_data: ["text", "result", "result", "result"],
  proxy_set_shared_data: ["text", "text", "number"],
  proxy_set_effective_context: ["number"],
  proxy_set_tick_period_milliseconds: ["number"],
  proxy_continue_stream: ["number"],
  proxy_set_property: ["text", "text"],
  proxy_define_metric: ["number", "text", "result"],
  proxy_increment_metric: ["number", "number"],
  proxy_record_metric: ["number", "number"],
  clock_time_get: ["number", "number", "result"],
};

let calls: string[] = [];

/** As a line that a person can read. */
function shownCall(name: string, args: readonly number[], memory: ArrayBuffer): string {
  const text = (at: number, size: number) => new TextDecoder().decode(new Uint8Array(memory, at, size));
  const rest = [...args];
  const words = ARGUMENTS[name]?.flatMap((kind): string[] => {
    const first = rest.shift()!;
    if (kind === "text") {
      return [JSON.stringify(text(first, rest.shift()!))];
    }
    if (kind === "lines") {
      return [JSON.stringify(linesOf(memory, first, rest.shift()!))];
    }
    if (kind === "map") {
      return [first === 0 ? "request" : `map ${first}`];
    }
    return kind === "number" ? [String(first)] : [];
  });
  return [name.replace(/^proxy_/, ""), ...(words ?? args.map(String))].join(" ");
}

/** Header lines as the ABI hands them over: their number, the lengths, the texts with a NUL behind each. */
function linesOf(memory: ArrayBuffer, at: number, size: number): string[] {
  const bytes = new Uint8Array(memory, at, size);
  const count = new DataView(memory, at, size).getUint32(0, true);
  const texts = new TextDecoder().decode(bytes.subarray(4 + count * 8)).split("\0");
  return Array.from({ length: count }, (_, i) => `${texts[i * 2]}: ${texts[i * 2 + 1]}`);
}

beforeEach(() => {
  vi.stubGlobal(
    "WebAssembly",
    listeningWebAssembly((name, args, memory) => calls.push(shownCall(name, args, memory()))),
  );
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function callsFor(only: Route, request: Partial<HostRequest> = {}): string[] {
  return callsForEach(only, request, 1)[0]!;
}

/** The same request again and again. */
function callsForEach(only: Route, request: Partial<HostRequest>, times: number): string[][] {
  const vm = new FilterVm(FILTER, 1, new SharedData());
  const root = vm.configure(encodeProgram(table({ "*": [only] })))!;
  return Array.from({ length: times }, () => {
    calls = [];
    vm.decide(root, { authority: "a.example", path: "/", ...request });
    return calls;
  });
}

const forward = (more: Partial<Forward>): Action => ({ ...(to("a") as Forward), ...more });

test("a request that goes on as it is", () => {
  expect(callsFor(route(prefix("/"), "a"), { headers: [["x-request-id", "1"]] })).toEqual([
    "get_header_map_pairs request",
    'add_header_map_value request "x-sluice-cluster" "a"',
  ]);
});

test("a forged header", () => {
  expect(callsFor(route(prefix("/"), "a"), { headers: [["x-envoy-max-retries", "9"]] })).toEqual([
    "get_header_map_pairs request",
    'remove_header_map_value request "x-envoy-max-retries"',
    'add_header_map_value request "x-sluice-cluster" "a"',
  ]);
});

test("timeouts, retries and edits", () => {
  const action = forward({
    timeoutMs: 5000,
    retry: { ...(to("a") as Forward).retry, attempts: 3, retryOn: ["5xx", "unavailable"] },
    requestHeaders: {
      remove: ["x-old"],
      write: [
        { name: "x-new", value: "1", append: false },
        { name: "x-more", value: "2", append: true },
      ],
    },
    hostRewrite: "b.example",
    rewrite: { kind: "matched", value: "/to" },
  });
  expect(callsFor(route(prefix("/from"), action), { path: "/from/here?x=1" })).toEqual([
    "get_header_map_pairs request",
    'add_header_map_value request "x-sluice-class" "retry"',
    'add_header_map_value request "x-envoy-max-retries" "3"',
    'add_header_map_value request "x-envoy-retry-on" "5xx"',
    'add_header_map_value request "x-envoy-retry-grpc-on" "unavailable"',
    'add_header_map_value request "x-envoy-upstream-rq-timeout-ms" "5000"',
    'remove_header_map_value request "x-old"',
    'replace_header_map_value request "x-new" "1"',
    'add_header_map_value request "x-more" "2"',
    'replace_header_map_value request "x-envoy-original-host" "a.example"',
    'replace_header_map_value request ":authority" "b.example"',
    'replace_header_map_value request "x-envoy-original-path" "/from/here?x=1"',
    'replace_header_map_value request ":path" "/to/here?x=1"',
    'add_header_map_value request "x-sluice-cluster" "a"',
  ]);
});

test("a split by the client's address", () => {
  const action: Action = { ...(to({ a: 1, b: 1 }) as Forward), sticky: { kind: "sourceIp" } };
  expect(callsFor(route(undefined, action))).toEqual([
    "get_header_map_pairs request",
    'get_property "source\\u0000address"',
    expect.stringMatching(/^add_header_map_value request "x-sluice-cluster" "[ab]"$/),
  ]);
});

test("a redirect", () => {
  expect(callsFor(route(undefined, { kind: "redirect", status: 301, host: "b" }), { path: "/p?q" })).toEqual([
    "get_header_map_pairs request",
    'send_local_response 301 "direct_response" "" ["location: http://b/p?q"] -1',
  ]);
});

test("an answer", () => {
  const action = { kind: "directResponse", status: 418, body: "hi", base64: false } as Action;
  expect(callsFor(route(undefined, action))).toEqual([
    "get_header_map_pairs request",
    'send_local_response 418 "direct_response" "hi" [] -1',
  ]);
});

test("an abort", () => {
  const fault = { abort: { kind: "http", status: 503, perMillion: ALWAYS } } as const;
  expect(callsFor(route(undefined, "a", { fault }))).toEqual([
    "get_header_map_pairs request",
    `send_local_response 503 ${FAULT_TEXTS} [] -1`,
  ]);
});

const DELAY = { delay: { fixedMs: 5, perMillion: ALWAYS } } as const;

test("a limit", () => {
  const rateLimit = {
    bucket: "a",
    requests: 1,
    periodMs: 1000,
    burst: 2,
    by: { kind: "clientAddress" },
  } as const;
  const made = callsForEach(route(prefix("/"), "a", { rateLimit }), {}, 3);
  // The names of buckets are digests, and what is in them bytes.
  const shown = made.map((calls) => calls.map((call) => call.replace(/ "limit .*/, "")));
  const asked = [
    "get_header_map_pairs request",
    'get_property "source\\u0000address"',
    "clock_time_get 1 0",
    "get_shared_data",
  ];
  const forwarded = 'add_header_map_value request "x-sluice-cluster" "a"';
  expect(shown).toEqual([
    [...asked, "set_shared_data", "get_shared_data", "set_shared_data", forwarded],
    [...asked, "set_shared_data", forwarded],
    [...asked, 'send_local_response 429 "local_rate_limited" "local_rate_limited" ["retry-after: 1"] 8'],
  ]);
});

test("a delay, after which the request goes on", () => {
  expect(callsFor(route(undefined, "a", { fault: DELAY }))).toEqual([
    "get_header_map_pairs request",
    expect.stringMatching(/^clock_time_get 1 /),
    "set_tick_period_milliseconds 5",
    'add_header_map_value request "x-sluice-cluster" "a"',
    expect.stringMatching(/^clock_time_get 1 /),
    "set_effective_context 2",
    "continue_stream 0",
    "set_effective_context 1",
    "set_tick_period_milliseconds 0",
  ]);
});

test("a redirect after a delay, for which the request is read again", () => {
  const action: Action = { kind: "redirect", status: 302, scheme: "https" };
  expect(callsFor(route(undefined, action, { fault: DELAY }), { path: "/p" })).toEqual([
    "get_header_map_pairs request",
    expect.stringMatching(/^clock_time_get 1 /),
    "set_tick_period_milliseconds 5",
    expect.stringMatching(/^clock_time_get 1 /),
    "set_effective_context 2",
    "get_header_map_pairs request",
    'send_local_response 302 "direct_response" "" ["location: https://a.example/p"] -1',
    "set_effective_context 1",
    "set_tick_period_milliseconds 0",
  ]);
});

test("a request that no rule takes", () => {
  expect(callsFor(route(prefix("/other"), "a"))).toEqual([
    "get_header_map_pairs request",
    'send_local_response 404 "route_not_found" "" [] -1',
  ]);
});

const COUNTED = { listener: "mesh", counters: true, names: false };
const NAMED = { listener: "mesh", counters: false, names: true };

const name = (labels: string, metric: string) =>
  `"listener=.=mesh;.;rule=.=shop/a#x;.;${labels}sluice_${metric}"`;

test("a request that is counted calls nothing more, but for the first, which has the host come back", () => {
  const vm = new FilterVm(FILTER);
  const rules = table({ "*": [ofRule("shop/a#x", route(prefix("/"), to({ a: 1, b: 1 })))] });
  const root = vm.configure(encodeProgram(rules, undefined, undefined, COUNTED))!;
  const callsOf = (step: () => void) => {
    calls = [];
    step();
    return calls;
  };
  const ask = () => vm.decide(root, { authority: "a.example", path: "/" });
  const added = expect.stringMatching(/^add_header_map_value request "x-sluice-cluster" "[ab]"$/);
  expect(callsOf(ask)).toEqual([
    "get_header_map_pairs request",
    expect.stringMatching(/^clock_time_get 1 /),
    "set_tick_period_milliseconds 1000",
    added,
  ]);
  for (let i = 0; i < 20; i++) {
    expect(callsOf(ask)).toEqual(["get_header_map_pairs request", added]);
  }
  const told = callsOf(() => vm.pass(1000));
  expect([...told].sort()).toEqual([
    expect.stringMatching(/^clock_time_get 1 /),
    `define_metric 0 ${name("cluster=.=a;.;", "requests_total")}`,
    `define_metric 0 ${name("cluster=.=b;.;", "requests_total")}`,
    `define_metric 1 ${name("cluster=.=a;.;", "rule_weight")}`,
    `define_metric 1 ${name("cluster=.=b;.;", "rule_weight")}`,
    expect.stringMatching(/^increment_metric [0-3] [0-9]+$/),
    expect.stringMatching(/^increment_metric [0-3] [0-9]+$/),
    expect.stringMatching(/^record_metric [0-3] 1$/),
    expect.stringMatching(/^record_metric [0-3] 1$/),
    "set_effective_context 1",
    "set_tick_period_milliseconds 0",
  ]);
  // Nothing ticks where nothing has changed.
  expect(callsOf(() => vm.pass(10_000))).toEqual([]);
  expect(callsOf(ask)).toHaveLength(4);
  expect(callsOf(() => vm.pass(1000))).toEqual([
    expect.stringMatching(/^clock_time_get 1 /),
    expect.stringMatching(/^increment_metric [0-3] 1$/),
    "set_effective_context 1",
    "set_tick_period_milliseconds 0",
  ]);
});

const RULE_AND_MATCH = ["sluice.rule=shop/a#x.2", "sluice.match=2"];

test.each<[string, Partial<Route>, string[]]>([
  ["goes on", {}, [...RULE_AND_MATCH]],
  ["is answered", { action: { kind: "directResponse", status: 200, body: "" } }, [...RULE_AND_MATCH]],
  ["is redirected", { action: { kind: "redirect", status: 301, host: "b" } }, [...RULE_AND_MATCH]],
  [
    "is aborted",
    { fault: { abort: { kind: "grpc", status: 14, perMillion: ALWAYS } } },
    [...RULE_AND_MATCH, "sluice.fault=abort"],
  ],
  ["waits", { fault: DELAY }, [...RULE_AND_MATCH, "sluice.fault=delay"]],
  [
    "waits and is aborted",
    { fault: { ...DELAY, abort: { kind: "http", status: 503, perMillion: ALWAYS } } },
    [...RULE_AND_MATCH, "sluice.fault=delay", "sluice.fault=delay,abort"],
  ],
  [
    "could be aborted",
    { fault: { abort: { kind: "http", status: 503, perMillion: 0 } } },
    [...RULE_AND_MATCH],
  ],
  ["is of no rule", { origin: undefined } as unknown as Partial<Route>, []],
])("whoever logs is told the rule of a request that %s", (_, more, expected) => {
  const vm = new FilterVm(FILTER);
  const rules = table({ "*": [{ ...ofRule("shop/a#x", route(prefix("/"), "a"), "2"), ...more }] });
  const root = vm.configure(encodeProgram(rules, undefined, undefined, NAMED))!;
  calls = [];
  const { properties } = vm.decide(root, { authority: "a.example", path: "/" });
  const told = calls.flatMap((call) => {
    const [, property, value] = /^set_property "(.*)" "(.*)"$/.exec(call) ?? [];
    return property === undefined ? [] : [`${property}=${value}`];
  });
  expect(told).toEqual(expected);
  expect([...properties].map((pair) => pair.join("="))).toEqual(
    [...new Map(expected.map((one) => one.split("=") as [string, string]))].map((pair) => pair.join("=")),
  );
});

test("claims are read with one call, and only where a rule of the host asks for one, or a limit", () => {
  const claim = (name: string): HeaderMatch => ({
    name: claimName([name]),
    claim: [name],
    match: exact("x"),
    invert: false,
    missingAsEmpty: false,
  });
  const limit = (path: readonly string[]): RateLimit => ({
    bucket: path.join(),
    requests: 9,
    periodMs: 1000,
    burst: 9,
    by: { kind: "claim", path },
  });
  const vm = new FilterVm(FILTER);
  const root = vm.configure(
    encodeProgram(
      table({
        "a.example": [
          route(undefined, "a", { headers: [claim("one"), claim("two")] }),
          route(prefix("/"), "b"),
        ],
        "b.example": [route(prefix("/"), "b")],
        "c.example": [route(prefix("/"), "b", { rateLimit: limit(["two"]) })],
        "d.example": [
          route(undefined, "a", { headers: [claim("one")], rateLimit: limit(["three", "four"]) }),
        ],
      }),
    ),
  )!;
  const callsAt = (authority: string) => {
    calls = [];
    vm.decide(root, { authority, path: "/", claims: { one: ["x"], two: "x", three: { four: "x" } } });
    return calls;
  };
  expect(callsAt("a.example")).toEqual([
    "get_header_map_pairs request",
    'get_property "metadata"',
    'add_header_map_value request "x-sluice-cluster" "a"',
  ]);
  expect(callsAt("b.example")).toEqual([
    "get_header_map_pairs request",
    'add_header_map_value request "x-sluice-cluster" "b"',
  ]);
  for (const authority of ["c.example", "d.example"]) {
    expect(callsAt(authority).slice(0, 2)).toEqual([
      "get_header_map_pairs request",
      'get_property "metadata"',
    ]);
    expect(calls.filter((call) => call.startsWith("get_property"))).toHaveLength(1);
  }
});
