import { expect, test } from "vitest";
import { globMatcher } from "./glob.ts";

test.each([
  ["values.yaml", "charts/shop/values.yaml", true],
  ["values*.yaml", "charts/shop/values-prod.yaml", true],
  ["values.yaml", "charts/values.yaml/x.yaml", false],
  ["charts", "deep/charts", true],
  ["charts/", "charts", true],
  ["./charts", "charts", true],
  ["charts/*/values.yaml", "charts/shop/values.yaml", true],
  ["charts/*/values.yaml", "charts/a/b/values.yaml", false],
  ["charts/**/values.yaml", "charts/a/b/values.yaml", true],
  ["charts/**/values.yaml", "charts/values.yaml", true],
  ["**/test/**", "a/test/b/c.yaml", true],
  ["*.{yml,json}", "a/b.json", true],
  ["*.{yml,json}", "a/b.yaml", false],
  ["v[0-9].yaml", "v1.yaml", true],
  ["v[!0-9].yaml", "v1.yaml", false],
  ["?.yaml", "ab.yaml", false],
  ["a.yaml", "aXyaml", false],
  ["a(1).yaml", "a(1).yaml", true],
  ["a[.yaml", "a[.yaml", true],
  ["[\\d].yaml", "1.yaml", false],
])("%s and %s: %s", (pattern, name, matches) => {
  expect(globMatcher([pattern])(name)).toBe(matches);
});

test("a path is known by how it is written, from where it was searched, and from the root", () => {
  const matches = globMatcher(["base/kustomization.yaml"]);
  expect(matches("./base/kustomization.yaml", "kustomization.yaml")).toBe(true);
  expect(matches("repository/base/kustomization.yaml", "base/kustomization.yaml")).toBe(true);
  expect(matches("repository/base/kustomization.yaml", "kustomization.yaml")).toBe(false);
  expect(globMatcher(["/etc/**"])("/etc/rules/a.yaml", "a.yaml")).toBe(true);
  expect(globMatcher([])("a.yaml")).toBe(false);
});
