import { expect, test } from "vitest";
import { partition } from "./partition.ts";

test("where a bound is hit, each condition is tried by itself, in any universe that RE2 has", () => {
  const universe = "(?i:shop\\.example)(?::80)?";
  const conditions = [
    { kind: "exact", value: "shop.example" },
    { kind: "regex", value: ".*:80" },
    { kind: "exact", value: "other.example" },
  ] as const;
  const { classes, complete } = partition(conditions, universe, { maxStates: 2, maxWork: 1000 });
  expect(complete).toBe(false);
  expect(classes.map(({ holds }) => holds.join()).sort()).toEqual(["", "0", "1"]);
  for (const { value } of classes) {
    expect(value).toMatch(/^shop\.example(:80)?$/i);
  }
});
