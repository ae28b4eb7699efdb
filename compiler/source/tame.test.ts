/** Whatever the quick reader takes on, it reads as the real parser does, which finds nothing wrong with it. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { thoroughly } from "../../test/harness/thorough.ts";
import { readTame, WILD } from "./tame.ts";
import { parsePlain, parseTrees, plainValue } from "./yaml.ts";

/** Texts that are tried. */
const EDITED = thoroughly(2000);
const SCRAPS = thoroughly(3000);

const readPlain = (text: string) => (plainValue(parseTrees(`- ${text}`)[0]!) as unknown[])[0];

/** False for a text that the quick reader leaves to the other. */
function same(text: string): boolean {
  const tame = readTame(text, readPlain);
  if (tame === WILD) {
    return false;
  }
  const trees = parseTrees(text);
  expect(trees.flatMap(({ errors }) => errors)).toEqual([]);
  expect(trees.length).toBeLessThan(2);
  const value = trees[0] === undefined ? null : plainValue(trees[0]);
  expect(tame).toStrictEqual(value);
  // The order of the keys, and -0, which are equal otherwise.
  expect(JSON.stringify(tame)).toBe(JSON.stringify(value));
  return true;
}

const RULE = `# What the edge serves.
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
  labels: {team: shop, tier: "edge"}
spec:
  hosts:
  - shop.example.com # the old one
  - "*.shop.example.com"
  http:
    - match:
        - uri: {prefix: /api/v1}
          headers:
            end-user:
              exact: 'jason'

        - port: 80
      timeout: 1.5s
      route:
      - destination:
          host: shop
          subset: v-1
        weight: 0x10
      headers: {request: {set: {a: b:c, d: [1, -2.5, on]}}}
      fault:
    -   name: -1
`;

const TAME = [
  ["a rule", RULE],
  ["nothing", ""],
  ["a marker", "---\n"],
  ["a marker and comments", "--- # one\n# two\n\n  # three"],
  ["no line's end", "a: 1"],
  ["a key without a value at the end", "a:\n  b:"],
  ["lists in lists' mappings", "a:\n- b:\n  - c: 1\n    d:\n    - 2\n  e: 3\nf: 4\n"],
  ["empty items", "a:\n-\n- \n- # three\n-\n  b: 1\n"],
  ["words of YAML 1.1", "a: [y, No, on, ~, null, .inf, 0o7, 010, 1_000, 1:30, 0b1, -0, +1, 1e3, e3, .]\n"],
  ["hashes and colons within words", "a: b#c\nd: e:f#g:h # i\n"],
  ["quotes within words", "a: b'c\"d\n"],
  ["spaces", "a:    b   \nc:   \nd:  'e'   # f\n"],
] as const;

const WILD_ONES = [
  ["a key given twice", "a: 1\na: 2\n"],
  ["keys that are no text", "on: 1\n"],
  ["the prototype", "__proto__: {a: 1}\n"],
  ["a value of several lines", "a: b\n  c\n"],
  ["text blocks", "a: |\n  b\n"],
  ["escapes", 'a: "\\n"\n'],
  ["a quote in quotes", "a: 'b''c'\n"],
  ["anchors", "a: &b c\n"],
  ["aliases", "a: *b\n"],
  ["tags", "a: !!str 1\n"],
  ["merges", "<<: {a: 1}\n"],
  ["tabs", "a:\tb\n"],
  ["other line ends", "a: b\r\n"],
  ["a mapping in a line", "a: b: c\n"],
  ["wrong indentation", "a:\n    b: 1\n  c: 2\n"],
  ["a list after a mapping", "a: 1\n- b\n"],
  ["a comma too many", "a: [1,]\n"],
  ["an open bracket", "a: [1\n"],
  ["two documents", "a: 1\n---\nb: 2\n"],
  ["no mapping", "- 1\n"],
] as const;

describe("the quick reader", () => {
  test.each(TAME)("takes %s", (_name, text) => expect(same(text)).toBe(true));
  test.each(WILD_ONES)("leaves %s", (_name, text) => expect(same(text)).toBe(false));

  // An expression that could go back to each of them would run out of memory for that.
  test.each([
    ["lines without content", (many: number) => `a: b\n${"#\n \n".repeat(many / 2)}c: d\n`, true],
    ["lines before the first key", (many: number) => `${"\n".repeat(many)}c: d\n`, true],
    ["hashes within a word", (many: number) => `a: ${"x#".repeat(many)}\n`, false],
    ["colons within a word", (many: number) => `a: [${"x:".repeat(many)}x]\n`, false],
  ])("bears millions of %s", (_name, text, isTaken) => {
    expect(readTame(text(8_000_000), readPlain) !== WILD).toBe(isTaken);
    expect(same(text(500))).toBe(true);
  });

  test("reads only what it is sure of, after any few edits", () => {
    const lines = RULE.split("\n");
    const piece = fc.oneof(
      fc.constantFrom(
        ..."\n#:-?,[]{}&*!|>'\"%@`~.= \\<ay10_/",
        ": ",
        " #",
        "- ",
        "\n  ",
        "\n- ",
        "---",
        "...",
        "<<: ",
        "\t",
        "é",
        "null",
        "y: ",
        "0x",
      ),
      fc.constantFrom(...lines).map((line) => `\n${line}\n`),
    );
    const edit = fc.record({
      at: fc.nat(RULE.length),
      remove: fc.nat(6),
      insert: fc.array(piece, { maxLength: 3 }),
    });
    let taken = 0;
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let text = RULE;
        for (const { at, remove, insert } of edits) {
          text = text.slice(0, at) + insert.join("") + text.slice(at + remove);
        }
        taken += same(text) ? 1 : 0;
      }),
      { numRuns: EDITED },
    );
    // Otherwise this has shown nothing.
    expect(taken).toBeGreaterThan(EDITED / 20);
  }, 600_000);

  test("reads only what it is sure of, of any scraps", () => {
    const scrap = fc.constantFrom(
      ..."ab1:-,[]{}#'\"\n ~.&*?|",
      "a: ",
      "\n  b: ",
      "\nc:",
      "\n- ",
      "\n  - ",
      "- d: ",
      "[e, ",
      "{f: ",
      "'g'",
      '"h"',
      " # i",
      "\n\n",
      "on",
      "-1",
      "0.5",
    );
    let taken = 0;
    fc.assert(
      fc.property(fc.array(scrap, { maxLength: 12 }), (scraps) => {
        taken += same(scraps.join("")) ? 1 : 0;
        taken += same(`a: ${scraps.join("")}`) ? 1 : 0;
      }),
      { numRuns: SCRAPS },
    );
    expect(taken).toBeGreaterThan(SCRAPS / 20);
  }, 600_000);
});

test("what is left to the other parser is read as well", () => {
  expect(parsePlain("a: |\n  b\n")).toEqual({ value: { a: "b\n" } });
  expect(parsePlain("a: b\n")).toEqual({ value: { a: "b" } });
  expect(parsePlain("a: 1\na: 2\n")).toBeUndefined();
  expect(parsePlain("# nothing")).toBeNull();
});
