import { expect, test } from "vitest";
import { changedRules, type Rule, whereIs } from "./rules.ts";

const file = { path: "some/rules/reviews.yaml", text: "a\nb\nc\n" };

function rule(name: string, hosts: readonly string[], start = 0): Rule {
  const span = { file, start, end: start + 1 };
  return { kind: "serviceEntry", resource: "ServiceEntry a", name, span, hosts };
}

test("a place is the file's name and the line", () => {
  expect(whereIs({ file, start: 0, end: 1 })).toBe("reviews.yaml:1");
  expect(whereIs({ file, start: 4, end: 5 })).toBe("reviews.yaml:3");
});

test("what changed is what is new or says something else, wherever it stands", () => {
  const before = [rule("same", ["a"]), rule("edited", ["b"]), rule("gone", ["c"])];
  const after = [rule("new", ["d"]), rule("same", ["a"], 4), rule("edited", ["x"])];
  expect(changedRules(before, after).map(({ name }) => name)).toEqual(["new", "edited"]);
  expect(changedRules(before, before)).toEqual([]);
});
