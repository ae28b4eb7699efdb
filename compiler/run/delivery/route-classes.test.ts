import { expect, test } from "vitest";
import { unionOfClasses, withFiltersOf } from "./route-classes.ts";

const file = (version: string, classes: Record<string, number>) =>
  JSON.stringify({
    version_info: version,
    resources: [{ virtual_hosts: [{ matcher: { matcher_tree: { exact_match_map: { map: classes } } } }] }],
  });
const classesOf = (text: string) =>
  JSON.parse(text).resources[0].virtual_hosts[0].matcher.matcher_tree.exact_match_map.map;

test("both builds find what they name", () => {
  const both = unionOfClasses(file("1", { a: 1, b: 1 }), file("2", { b: 2, c: 2 }));
  expect(classesOf(both)).toEqual({ a: 1, b: 2, c: 2 });
  expect(JSON.parse(both).version_info).toMatch(/^2\+/);
});

test("nothing is kept when nothing goes", () => {
  const next = file("2", { a: 1, b: 1 });
  expect(unionOfClasses(file("1", { a: 1 }), next)).toBe(next);
  expect(unionOfClasses('{"version_info":"","resources":[]}', next)).toBe(next);
});

test("a listener keeps a filter for as long as old rules need it", () => {
  const listener = (v: number, ...names: string[]) => ({
    name: "mesh",
    v,
    filter_chains: [{ filters: [{ typed_config: { http_filters: names.map((name) => ({ name })) } }] }],
  });
  expect(withFiltersOf(listener(1, "mesh", "cors", "router"), listener(2, "mesh", "router"))).toEqual(
    listener(2, "mesh", "cors", "router"),
  );
  expect(withFiltersOf(listener(1, "mesh", "router"), listener(2, "mesh", "cors", "router"))).toBeUndefined();
  expect(withFiltersOf(listener(1, "mesh", "router"), listener(2, "mesh", "router"))).toBeUndefined();
  expect(withFiltersOf(listener(1, "a", "router"), listener(2, "b", "router"))).toBeUndefined();
  expect(withFiltersOf(undefined, listener(1, "mesh"))).toBeUndefined();
  expect(withFiltersOf({ name: "a" }, { name: "a" })).toBeUndefined();
});
