import { expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";
import { Confidential } from "./confidential.ts";

test("equal data has one text, whatever the order of its keys", () => {
  const text = canonicalJson({ b: [{ d: 1, c: "x" }], a: null });
  expect(text).toBe('{"a":null,"b":[{"c":"x","d":1}]}');
  expect(canonicalJson({ a: null, b: [{ c: "x", d: 1 }] })).toBe(text);
  expect(canonicalJson({ a: null, b: [{ c: "x", d: 2 }] })).not.toBe(text);
});

test("the order of a list is part of the data", () => {
  expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
});

test("a member without a value is left out, as JSON does", () => {
  expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
});

test("keys are sorted by code units, also the one that objects treat as their own", () => {
  expect(canonicalJson(JSON.parse('{"ä":1,"__proto__":{"b":1,"a":2},"Z":3,"a":4}'))).toBe(
    '{"Z":3,"__proto__":{"a":2,"b":1},"a":4,"ä":1}',
  );
});

test("a confidential text stays hidden", () => {
  expect(canonicalJson({ key: new Confidential("secret") })).toBe('{"key":"(hidden)"}');
});

test("an indent is for people", () => {
  expect(canonicalJson({ b: 1, a: [] }, 2)).toBe('{\n  "a": [],\n  "b": 1\n}');
});
