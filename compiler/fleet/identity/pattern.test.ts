import fc from "fast-check";
import { expect, test } from "vitest";
import { admits } from "./pattern.ts";

const few = fc.string({ unit: fc.constantFrom("a", "b", "*", ".", "/"), maxLength: 8 });

test("a pattern admits what the same expression matches", () => {
  fc.assert(
    fc.property(few, few, (pattern, text) => {
      const expression = pattern.split("*").map((part) => part.replace(/[./]/g, "\\$&"));
      expect(admits(pattern, text)).toBe(new RegExp(`^${expression.join(".*")}$`).test(text));
    }),
    { numRuns: 2000 },
  );
});
