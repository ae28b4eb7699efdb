import { expect, test } from "vitest";
import { isCatchAll, lowerRouteMatch } from "./route-match.ts";

test("paths", () => {
  expect(lowerRouteMatch({ uri: { exact: "/a" } }).path).toEqual({
    kind: "exact",
    value: "/a",
    ignoreCase: false,
  });
  expect(lowerRouteMatch({ uri: { prefix: "" }, ignoreUriCase: true }).path).toEqual({
    kind: "prefix",
    value: "",
    ignoreCase: true,
  });
  // A regex keeps its case.
  expect(lowerRouteMatch({ uri: { regex: "/A.*" }, ignoreUriCase: true }).path).toEqual({
    kind: "regex",
    value: "/A.*",
    ignoreCase: false,
  });
  expect(lowerRouteMatch({ uri: {} }).path).toBeUndefined();
});

test("headers by name in lower case, then the pseudo headers; host is the authority", () => {
  const { headers } = lowerRouteMatch({
    headers: { "X-B": { exact: "" }, Host: { prefix: "a" }, "x-any": {}, "x-star": { regex: "*" } },
    method: { exact: "GET" },
    authority: { prefix: "a" },
    scheme: { regex: "https?" },
  });
  expect(headers.map(({ name, match }) => [name, match])).toEqual([
    [":authority", { kind: "prefix", value: "a" }],
    ["x-any", { kind: "present" }],
    ["x-b", { kind: "exact", value: "" }],
    ["x-star", { kind: "present" }],
    [":method", { kind: "exact", value: "GET" }],
    [":authority", { kind: "prefix", value: "a" }],
    [":scheme", { kind: "regex", value: "https?" }],
  ]);
  expect(headers.every(({ invert, missingAsEmpty }) => !invert && !missingAsEmpty)).toBe(true);
});

test("withoutHeaders: a missing header is empty, unless only its presence is asked for", () => {
  expect(lowerRouteMatch({ withoutHeaders: { a: { exact: "x" }, b: {} } }).headers).toEqual([
    { name: "a", match: { kind: "exact", value: "x" }, invert: true, missingAsEmpty: true },
    { name: "b", match: { kind: "present" }, invert: true, missingAsEmpty: false },
  ]);
});

test("query parameters keep their case", () => {
  expect(lowerRouteMatch({ queryParams: { B: { exact: "1" }, a: {} } }).queryParams).toEqual([
    { name: "B", match: { kind: "exact", value: "1" } },
    { name: "a", match: { kind: "present" } },
  ]);
});

test.each([
  [undefined, true],
  [{}, true],
  [{ uri: { prefix: "/" } }, true],
  [{ uri: { regex: ".*" } }, true],
  [{ uri: { prefix: "" } }, false],
  [{ uri: { prefix: "/a" } }, false],
  [{ uri: { prefix: "/" }, headers: { a: {} } }, false],
  [{ queryParams: { a: {} } }, false],
])("%j takes everything: %s", (match, expected) => {
  expect(isCatchAll(lowerRouteMatch(match))).toBe(expected);
});
