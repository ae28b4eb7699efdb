import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRegex } from "./parse.ts";
import { patternAndTexts } from "./patterns.fixture.ts";
import { leastProgramSize } from "./size.ts";

describe("the least size of a program", () => {
  test.each([
    ["", 0],
    ["abc", 3],
    ["a|bcd|ef", 3],
    ["(a{10}b){3}", 33],
    ["a{2,5}", 5],
    ["a{2,}", 2],
    ["(?:ab){0}", 0],
    ["\\Qa{9}\\E", 4],
    ["[]a{9}]{4}", 4],
    ["[[:alpha:]]\\p{Greek}\\x{41}\\pL\\101", 5],
    ["^\\bab\\b$", 2],
    ["a{", 2],
    ["(?i)a{3}(?P<x>b)", 4],
    ["(a", 0],
    ["(a{100}){11}", 0],
  ])("%s", (pattern, size) => {
    expect(leastProgramSize(pattern)).toBe(size);
  });

  test("is never more than the program has", () => {
    fc.assert(
      fc.property(patternAndTexts, ({ pattern }) => {
        expect(leastProgramSize(pattern)).toBeLessThanOrEqual(parseRegex(pattern).instructions.length);
      }),
      { numRuns: 1000, seed: 22 },
    );
  });
});
