import fc from "fast-check";
import { expect, test } from "vitest";
import { regexMatches } from "./matches.ts";
import { mayMatch } from "./may-match.ts";

test("says no only of what does not match, and of beginnings that no match has", () => {
  const piece = fc.constantFrom("a", "b", "[ab]", "a+", "b*", ".", "(?:ab|b)", "[^a]", "\\b", "^", "$", "é");
  const pattern = fc.array(piece, { maxLength: 5 }).map((parts) => parts.join(""));
  const text = fc.array(fc.constantFrom("a", "b", "c", "é"), { maxLength: 5 }).map((parts) => parts.join(""));
  let no = 0;
  fc.assert(
    fc.property(pattern, text, fc.nat(5), (expression, whole, length) => {
      if (regexMatches(expression, whole)) {
        expect(mayMatch(expression, whole, true)).toBe(true);
        expect(mayMatch(expression, whole.slice(0, length), false)).toBe(true);
      } else {
        no += Number(!mayMatch(expression, whole, true));
      }
    }),
    { numRuns: 3000, seed: 20_261 },
  );
  expect(no).toBeGreaterThan(1000);
});

test.each([
  ["/api/v[0-9]+/kind-5/[a-z]+", "/api/v2/7/", false],
  ["/api/v[0-9]+/kind-5/[a-z]+", "/api/v2/kind", true],
  ["/api/.*", "/api/v2/7/", true],
  ["/a", "/ab", false],
])("%s, behind %s: %s", (pattern, text, expected) => {
  expect(mayMatch(pattern, text, false)).toBe(expected);
});
