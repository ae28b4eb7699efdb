import { expect, test } from "vitest";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { parseDocuments } from "./parse.ts";

test.each([
  ["an alias of itself", "a: &a [*a]", 7],
  ["an alias inside a mapping of its own", "a: &a { b: { c: *a } }", 16],
  ["an alias without an anchor", "a: *b", 3],
  ["an anchor that comes later", "a: *b\nb: &b 1", 3],
])("%s is an error at the alias", (_name, text, start) => {
  const diagnostics: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => diagnostics.push(diagnostic) };
  expect(parseDocuments({ path: "x.yaml", text }, sink)).toEqual([]);
  expect(diagnostics.map(({ code, span }) => [code, span?.start])).toEqual([["SL0007", start]]);
});

test("an alias stands for what its anchor names", () => {
  const documents = parseDocuments({ path: "x.yaml", text: "a: &a [1]\nb: *a" }, { report: () => {} });
  expect(documents.map(({ value }) => value)).toEqual([{ a: [1], b: [1] }]);
});
