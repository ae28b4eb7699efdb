import { expect, test } from "vitest";
import type { PathNormalization } from "../../ir/ir.ts";
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
  expect(normalizePath(sent, mode)).toBe(expected);
});
