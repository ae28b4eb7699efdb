import { expect, test } from "vitest";
import { durationMs, parseDuration } from "./duration.ts";

test.each([
  ["5s", 5000],
  ["1h30m", 5_400_000],
  ["1.5s", 1500],
  [".5s", 500],
  ["500ms", 500],
  ["1m1s1ms", 61_001],
  ["250us", 0.25],
  ["-1s", -1000],
  ["0", 0],
])("%s", (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

test.each(["", "10", "s", "1 s", "1d", "1s2", "-", "2562048h"])("%j is none", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test("whole milliseconds for Envoy", () => {
  expect(durationMs("1.4ms")).toBe(1);
  expect(durationMs(undefined)).toBeUndefined();
  expect(durationMs("soon")).toBeUndefined();
});
