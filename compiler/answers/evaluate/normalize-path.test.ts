import { expect, test } from "vitest";
import type { PathNormalization } from "../../ir/ir.ts";
import { PATH_STEPS } from "../../ir/path-normalization.ts";
import type { PathSteps } from "../../ir/path-steps.ts";
import { normalizePath } from "./normalize-path.ts";

// As Envoy does it; test/answers/path-normalization.test.ts asks it.
test.each<[PathNormalization, string, string | undefined]>([
  ["NONE", "/a/../b//%2F%61#x", "/a/../b//%2F%61"],
  ["BASE", "/a/./b/../c", "/a/c"],
  ["BASE", "/a/b/..", "/a/"],
  ["BASE", "/../../a", "/a"],
  ["BASE", "/a/%2e%2E/b", "/b"],
  ["BASE", "/%61%7e%2f%5C", "/a~%2f%5C"],
  ["BASE", "/a\\..\\b", "/b"],
  ["BASE", "//a//..", "//a/"],
  ["BASE", "/a?b/../c#d", "/a?b/../c"],
  ["BASE", "/%zz/%", "/%zz/%"],
  ["BASE", "/a%00b", undefined],
  ["BASE", "/a?%00", "/a?%00"],
  ["MERGE_SLASHES", "//a///b//", "/a/b/"],
  ["MERGE_SLASHES", "/a%2f%2fb", "/a%2f%2fb"],
  ["DECODE_AND_MERGE_SLASHES", "/a%2F%2fb%5cc", "/a/b/c"],
  ["DECODE_AND_MERGE_SLASHES", "/a?%2F", "/a?%2F"],
])("%s makes of %s %s", (mode, sent, expected) => {
  expect(normalizePath(sent, PATH_STEPS[mode])).toMatchObject(
    expected === undefined ? { kind: "refused" } : { kind: "path", path: expected },
  );
});

// What a listener of its own can have besides.
test.each<[Partial<PathSteps>, string, object]>([
  [{ escapedSlashes: "reject" }, "/a%2fb", { kind: "refused" }],
  [{ escapedSlashes: "reject" }, "/a/b?%2f", { kind: "path", path: "/a/b?%2f" }],
  [{ escapedSlashes: "redirect" }, "/a%2f..%5Cb?x=%2f", { kind: "redirected", path: "/b?x=%2f" }],
  [{ escapedSlashes: "redirect" }, "/a/../b", { kind: "path", path: "/b" }],
  [{ escapedSlashes: "redirect", mergesSlashes: true }, "/a%2F/b", { kind: "redirected", path: "/a/b" }],
  [{ escapedSlashes: "redirect" }, "/%2f%00", { kind: "refused" }],
  [{ normalizes: false, mergesSlashes: true }, "//a//../b", { kind: "path", path: "/a/../b" }],
  [{ normalizes: false, escapedSlashes: "unescape" }, "/a%5cb", { kind: "path", path: "/a\\b" }],
])("%o makes of %s %o", (steps, sent, expected) => {
  expect(normalizePath(sent, { ...PATH_STEPS.BASE, ...steps })).toMatchObject(expected);
});
