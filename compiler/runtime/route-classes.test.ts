import { expect, test } from "vitest";
import { unionOfClasses } from "./route-classes.ts";

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
