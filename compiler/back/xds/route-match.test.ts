import { describe, expect, test } from "vitest";
import type { HeaderMatch, PathMatch, QueryParamMatch } from "../../ir/ir.ts";
import { emitRouteMatch } from "./route-match.ts";

const path = (path: PathMatch) => emitRouteMatch({ path, headers: [], queryParams: [] });
const header = (more: Partial<HeaderMatch>) =>
  emitRouteMatch({
    headers: [{ name: "a", match: { kind: "present" }, invert: false, missingAsEmpty: false, ...more }],
    queryParams: [],
  }).headers?.[0];
const query = (match: QueryParamMatch["match"]) =>
  emitRouteMatch({ headers: [], queryParams: [{ name: "q", match }] }).query_parameters?.[0];

describe("path", () => {
  test("no predicate takes every path", () => {
    expect(emitRouteMatch({ headers: [], queryParams: [] })).toEqual({ prefix: "/" });
  });

  test("exact, prefix, regex", () => {
    expect(path({ kind: "exact", value: "/a", ignoreCase: false })).toEqual({ path: "/a" });
    expect(path({ kind: "prefix", value: "", ignoreCase: false })).toEqual({ prefix: "" });
    expect(path({ kind: "regex", value: "/a.*", ignoreCase: false })).toEqual({
      safe_regex: { regex: "/a.*" },
    });
  });

  test("case is ignored in exact paths and prefixes, never in a regex", () => {
    expect(path({ kind: "exact", value: "/a", ignoreCase: true })).toEqual({
      path: "/a",
      case_sensitive: false,
    });
    expect(path({ kind: "prefix", value: "/a", ignoreCase: true })).toMatchObject({ case_sensitive: false });
    expect(path({ kind: "regex", value: "/a", ignoreCase: true })).not.toHaveProperty("case_sensitive");
  });
});

describe("header", () => {
  test("exact, prefix, regex, presence", () => {
    expect(header({ match: { kind: "exact", value: "" } })).toEqual({
      name: "a",
      string_match: { exact: "" },
    });
    expect(header({ match: { kind: "prefix", value: "x" } })).toMatchObject({
      string_match: { prefix: "x" },
    });
    expect(header({ match: { kind: "regex", value: "x" } })).toMatchObject({
      string_match: { safe_regex: { regex: "x" } },
    });
    expect(header({})).toEqual({ name: "a", present_match: true });
  });

  test("what Envoy would refuse is written so that it means the same", () => {
    expect(header({ match: { kind: "prefix", value: "" } })).toMatchObject({
      string_match: { safe_regex: { regex: ".*" } },
    });
    expect(header({ match: { kind: "regex", value: "" } })).toMatchObject({
      string_match: { safe_regex: { regex: "(?:)" } },
    });
  });

  test("negated, with a missing header as an empty one", () => {
    expect(header({ match: { kind: "exact", value: "x" }, invert: true, missingAsEmpty: true })).toEqual({
      name: "a",
      string_match: { exact: "x" },
      invert_match: true,
      treat_missing_header_as_empty: true,
    });
    expect(header({ invert: true, missingAsEmpty: true })).toEqual({
      name: "a",
      present_match: true,
      invert_match: true,
    });
  });
});

test("query parameter", () => {
  expect(query({ kind: "present" })).toEqual({ name: "q", present_match: true });
  expect(query({ kind: "exact", value: "1" })).toEqual({ name: "q", string_match: { exact: "1" } });
});
