import { expect, test } from "vitest";
import { printJson } from "./json.ts";

test("equal values are equal bytes, whatever the order of their keys", () => {
  const one = { b: [{ d: 1, c: 2 }], a: "x" };
  const other = { a: "x", b: [{ c: 2, d: 1 }] };
  expect(printJson(one)).toBe(printJson(other));
});

test("keys are sorted, lists are not, what is undefined is left out", () => {
  expect(JSON.parse(printJson({ b: undefined, a: [2, 1] }))).toEqual({ a: [2, 1] });
  expect(printJson({ z: 1, Z: 2, "@type": 3 })).toBe('{\n  "@type": 3,\n  "Z": 2,\n  "z": 1\n}\n');
});
