import { expect, test } from "vitest";
import { hasVariables, linesOf, literal } from "./header-values.ts";

const write = (value: string, append = false, name = "x") => ({ name, value, append });
const of = (...writes: ReturnType<typeof write>[]) => ({ remove: [], write: writes });

test("a percent sign alone begins a variable, two are one", () => {
  expect(hasVariables(of(write("plain"), write("100%% of 50%%")))).toBe(false);
  expect(hasVariables(of(write("plain"), write("%REQ(:path)%")))).toBe(true);
  expect(hasVariables(of(write("%%%PROTOCOL%")))).toBe(true);
  expect(hasVariables(undefined)).toBe(false);
  expect(literal("100%%")).toBe("100%");
});

test("what operations make of an answer without headers", () => {
  expect(linesOf([undefined])).toEqual([]);
  expect(linesOf([of(write("1"), write("2", true), write("", true), write("3%%", false, "y"))])).toEqual([
    ["x", "1"],
    ["x", "2"],
    ["y", "3%"],
  ]);
  expect(linesOf([of(write("1", true)), of(write("2"))])).toEqual([["x", "2"]]);
  expect(linesOf([of(write("1")), of(write(""))])).toEqual([["x", "1"]]);
  expect(linesOf([of(write("1", true), write("2"))])).toEqual([
    ["x", "2"],
    ["x", "1"],
  ]);
  expect(linesOf([of(write("1")), { remove: ["x"], write: [] }])).toEqual([]);
  expect(linesOf([{ remove: ["x"], write: [write("1")] }])).toEqual([["x", "1"]]);
});
