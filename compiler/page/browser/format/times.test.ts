import { expect, test } from "vitest";
import { agoText, clockTenthText, clockText } from "./times.ts";

test.each([
  [0, "now"],
  [999, "now"],
  [9_400, "9 s"],
  [61_000, "1 min"],
  [3_600_000, "1 h"],
  [2 * 3_600_000 + 61_000, "2 h 1 min"],
  [3 * 86_400_000 + 2 * 3_600_000, "3 d 2 h"],
])("%d ms ago", (ms, text) => {
  expect(agoText(ms)).toBe(text);
});

test("the time of the day is the reader's", () => {
  const at = new Date(2026, 10, 30, 7, 4, 5, 678).getTime();
  expect(clockText(at)).toBe("07:04:05");
  expect(clockTenthText(at)).toBe("07:04:05.6");
});
