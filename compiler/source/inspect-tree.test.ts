import { expect, test } from "vitest";
import { inspectTree } from "./inspect-tree.ts";
import { parseTrees } from "./yaml.ts";

const problemsOf = (text: string) =>
  inspectTree(parseTrees(text)[0]!).map(
    ({ kind, range: [start, end] }) => `${kind} ${text.slice(start, end)}`,
  );

test.each([
  ["a: 1\nb: { c: 2, c: 3 }\na: 4", ["duplicateKey a", "duplicateKey c"]],
  ['1: a\n"1": b', ['duplicateKey "1"']],
  ["a: &x { b: 1 }\nc: { <<: *x, <<: *x }", ["duplicateKey <<"]],
  ['a: "\\ud800"\n"\\udc00": "\\ud83d\\ude00"', ['halfCharacter "\\ud800"', 'halfCharacter "\\udc00"']],
  ["a: *x\nb: &x 1", ["unknownAlias *x"]],
  ["a: &x [1, { b: *x }]", ["aliasOfItself *x"]],
  ["a: &x 1\nb: &x [*x]\nc: *x", ["aliasOfItself *x"]],
  [`a: &x 1\nb: [${"*x,".repeat(10_001)}]`, ["tooManyAliases *x"]],
  [`a: &x [${"1,".repeat(1000)}]\nb: &y [${"*x,".repeat(100)}]\nc: [*y, *y]`, ["tooMuchByAliases *y"]],
])("%#", (text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});
