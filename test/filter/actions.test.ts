import { describe, expect, test } from "vitest";
import type { HeaderLine, HostRequest } from "../../compiler/answers/request/wire.ts";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { exact, prefix, regex, route, table, to } from "../../compiler/back/program/rules.fixture.ts";
import type { Action, Forward, Redirect, Route } from "../../compiler/ir/ir.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));

/** What becomes of a request when this is the only route. */
function decide(only: Route, request: Partial<HostRequest> = {}) {
  const vm = new FilterVm(FILTER);
  const root = vm.configure(encodeProgram(table({ "*": [only] })));
  if (root === undefined) {
    throw new Error(vm.log.map(({ text }) => text).join("\n"));
  }
  return vm.decide(root, { authority: "a.example", path: "/", ...request });
}

const redirect = (more: Partial<Redirect> = {}): Redirect => ({ kind: "redirect", status: 301, ...more });

function location(action: Redirect, request: Partial<HostRequest> = {}, path?: ReturnType<typeof prefix>) {
  const { status, responseHeaders } = decide(route(path, action), request);
  expect(status).toBe(action.status);
  return responseHeaders!.find(([name]) => name === "location")![1];
}

describe("the location of a redirect", () => {
  test("is the request's own URL", () => {
    expect(location(redirect(), { path: "/x?y" })).toBe("http://a.example/x?y");
    expect(location(redirect({ status: 308 }), { authority: "[::1]:8080" })).toBe("http://[::1]:8080/");
  });

  test("has another path", () => {
    const path = { kind: "whole", value: "/to" } as const;
    expect(location(redirect({ path }), { path: "/x?y" })).toBe("http://a.example/to?y");
    expect(location(redirect({ path: { ...path, value: "/to?z" } }), { path: "/x?y" })).toBe(
      "http://a.example/to?z",
    );
    expect(location(redirect({ path: { ...path, value: "to" } }))).toBe("http://a.example/to");
    expect(location(redirect({ path: { ...path, value: "" } }), { path: "/x" })).toBe("http://a.example/x");
  });

  test("has something in place of a prefix", () => {
    const path = { kind: "matched", value: "/to/" } as const;
    expect(location(redirect({ path }), { path: "/x/y?z" }, prefix("/x"))).toBe("http://a.example/to//y?z");
    expect(location(redirect({ path }), { path: "/x" })).toBe("http://a.example/to/x");
  });

  test.each([
    ["a.example:80", "http", {}, "http://a.example:80/"],
    ["a.example:80", "http", { scheme: "https" }, "https://a.example/"],
    ["a.example:443", "http", { scheme: "https" }, "https://a.example:443/"],
    ["a.example:443", "https", { scheme: "http" }, "http://a.example/"],
    ["a.example:8080", "http", { scheme: "https" }, "https://a.example:8080/"],
    ["a.example:8080", "http", { port: 81 }, "http://a.example:81/"],
    ["[::1]:80", "http", { scheme: "https" }, "https://[::1]/"],
    ["[::1]", "http", { port: 81 }, "http://[::1]:81/"],
    ["a.example:1", "http", { host: "b:2" }, "http://b:2/"],
    ["a.example:1", "http", { host: "b", port: 2, scheme: "https" }, "https://b:2/"],
  ])("of %s by %s with %j", (authority, scheme, more, expected) => {
    expect(location(redirect(more), { authority, scheme })).toBe(expected);
  });

  test("goes by what the client spoke to the proxies before", () => {
    const headers: HeaderLine[] = [["x-forwarded-proto", "https"]];
    expect(location(redirect({ scheme: "http" }), { authority: "a:443", headers })).toBe("http://a/");
  });

  test("stands beside the rule's own headers, and comes after a delay", () => {
    const write = [
      { name: "x-a", value: "50%%", append: false },
      { name: "x-b", value: "", append: true },
    ];
    const one: Route = {
      ...route(undefined, redirect(), { fault: { delay: { fixedMs: 5, perMillion: 1_000_000 } } }),
      responseHeaders: { remove: [], write },
    };
    const decision = decide(one, { path: `/${"x".repeat(70_000)}` });
    expect(decision.delayMs).toBe(5);
    expect(decision.responseHeaders).toEqual([
      ["location", `http://a.example/${"x".repeat(70_000)}`],
      ["x-a", "50%"],
    ]);
  });
});

const forward = (more: Partial<Forward>): Action => ({ ...(to("c") as Forward), ...more });
const headerOf = ({ headers }: { headers: readonly HeaderLine[] }, wanted: string) =>
  headers.filter(([name]) => name === wanted).map(([, value]) => value);

test.each([
  [prefix("/x/"), "/x/y?z", "/toy?z"],
  [prefix("/"), "/?z", "/to?z"],
  [exact("/x"), "/x?/x", "/to?/x"],
  [regex("/.*"), "/x/y?", "/to?"],
  [undefined, "/x", "/tox"],
])("a rewrite of what %j matched of %s", (match, path, expected) => {
  const decision = decide(route(match, forward({ rewrite: { kind: "matched", value: "/to" } })), { path });
  expect(headerOf(decision, ":path")).toEqual([expected]);
  expect(headerOf(decision, "x-envoy-original-path")).toEqual([path]);
});

test("headers: removed, then set, then added", () => {
  const requestHeaders = {
    remove: ["x-a", "x-b"],
    write: [
      { name: "x-b", value: "1%%", append: true },
      { name: "x-b", value: "2", append: false },
      { name: "x-c", value: "", append: false },
    ],
  };
  const headers: HeaderLine[] = [
    ["x-a", "client"],
    ["x-b", "client"],
    ["x-b", "client"],
    ["x-c", "client"],
  ];
  const decision = decide(route(undefined, forward({ requestHeaders, hostRewrite: "b" })), { headers });
  expect(headerOf(decision, "x-a")).toEqual([]);
  expect(headerOf(decision, "x-b")).toEqual(["2", "1%"]);
  expect(headerOf(decision, "x-c")).toEqual(["client"]);
  expect(headerOf(decision, ":authority")).toEqual(["b"]);
  expect(headerOf(decision, "x-envoy-original-host")).toEqual(["a.example"]);
});
