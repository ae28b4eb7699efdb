import { expect, test } from "vitest";
import { countText, percentText, rateText, shareText, tookText } from "./numbers.ts";

test.each([
  [0, "0"],
  [0.004, "< 0.01"],
  [0.04, "0.04"],
  [4.13, "4.1"],
  [99.96, "100"],
  [812.4, "812"],
  [3214, "3,214"],
  [1_240_000, "1.2 M"],
])("a rate of %d a second", (rate, text) => {
  expect(rateText(rate)).toBe(text);
});

test.each([
  [0, "0 %"],
  [0.00004, "< 0.01 %"],
  [0.0004, "0.04 %"],
  [0.802, "80.2 %"],
  [0.8, "80 %"],
  [0.9999, "> 99.9 %"],
  [1, "100 %"],
])("a part of %d, which looks like none or all only if it is", (part, text) => {
  expect(percentText(part)).toBe(text);
});

test.each([
  [0, "< 1 ms"],
  [0.42, "0.4 ms"],
  [18.4, "18 ms"],
  [2100, "2.1 s"],
  [180_000, "3 min"],
])("%d ms", (ms, text) => {
  expect(tookText(ms)).toBe(text);
});

test("a share stands with its interval, a count with separators", () => {
  const share = { wanted: 0.8, seen: 0.802, low: 0.794, high: 0.81, of: 20_000, agrees: true };
  expect(shareText(share)).toBe("80.2 % [79.4–81.0]");
  expect(countText(20_000)).toBe("20,000");
});
