import { expect, test } from "vitest";
import { compareStrings, lowerAscii } from "./text.ts";

test("only letters of ASCII are folded", () => {
  expect(lowerAscii("AbC-Ä-İ-\u212a")).toBe("abc-Ä-İ-\u212a");
});

test("order is by code units, not by locale", () => {
  expect(["ä", "b", "A", "a", "Z"].sort(compareStrings)).toEqual(["A", "Z", "a", "b", "ä"]);
  expect(compareStrings("a", "a")).toBe(0);
});
