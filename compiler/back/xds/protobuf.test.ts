import { describe, expect, test } from "vitest";
import { duration, typed } from "./protobuf.ts";

describe("duration", () => {
  test.each([
    [0, "0s"],
    [1, "0.001s"],
    [1.5, "0.0015s"],
    [250, "0.25s"],
    [1000, "1s"],
    [61_001, "61.001s"],
    [0.0004, "0s"],
    [999.9999, "1s"],
  ])("%d ms is %s", (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });
});

test("a typed message names its type", () => {
  expect(typed("a.v3.B", { c: 1 })).toEqual({ "@type": "type.googleapis.com/a.v3.B", c: 1 });
});
