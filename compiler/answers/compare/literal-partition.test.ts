/** What is told from the texts alone is what the automaton finds. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { valueMatches } from "../evaluate/trial.ts";
import { partitionLiterals } from "./literal-partition.ts";
import { PREFERRED, partition } from "./partition.ts";
import type { TextMatch } from "./text-match.ts";

const text = fc
  .array(fc.constantFrom("a", "b", "/", "%", "é"), { maxLength: 4 })
  .map((parts) => parts.join(""));
const condition: fc.Arbitrary<TextMatch> = fc.record({
  kind: fc.constantFrom("exact", "prefix"),
  value: text,
});
const universe = fc.constantFrom("[!-~]*", "/[a-z/]*", "[!-~é]*", "a|b|/a", "(?:/[a-z]?)+", "a[a-z]*");

test("the same classes, each with a text of its own that is as short", () => {
  let told = 0;
  fc.assert(
    fc.property(
      fc.uniqueArray(condition, { maxLength: 6, selector: (one) => JSON.stringify(one) }),
      universe,
      (matches, allowed) => {
        const admits = (value: string) => valueMatches({ kind: "regex", value: allowed }, value);
        const found = partitionLiterals(matches, admits, PREFERRED);
        if (found === undefined) {
          return;
        }
        told++;
        const { classes, complete } = partition(matches, allowed);
        expect(complete).toBe(true);
        const summary = (list: typeof found) =>
          list.map(({ value, holds }) => `${holds.join()} ${value.length}`).sort();
        expect(summary(found)).toEqual(summary([...classes]));
        for (const { value, holds } of found) {
          expect(admits(value)).toBe(true);
          expect(matches.flatMap((match, i) => (valueMatches(match, value) ? [i] : []))).toEqual(holds);
        }
      },
    ),
    { numRuns: 1000, seed: 20_261 },
  );
  expect(told).toBeGreaterThan(300);
});

test("expressions, other cases, and classes that may be empty are left to the automaton", () => {
  const left = (matches: TextMatch[], admits: (value: string) => boolean = () => true) =>
    partitionLiterals(matches, admits, PREFERRED);
  expect(left([{ kind: "regex", value: "a" }])).toBeUndefined();
  expect(left([{ kind: "exact", value: "a", ignoreCase: true }])).toBeUndefined();
  expect(left([{ kind: "exact", value: "a" }], (value) => value === "a")).toBeUndefined();
});
