import fc from "fast-check";
import { RE2JS } from "re2js";
import { beforeAll, describe, expect, test } from "vitest";
import * as layout from "../../filter/regex/layout.ts";
import { thoroughly } from "../../test/harness/thorough.ts";
import { containedLiteral, requiredLiterals } from "./contains.ts";
import { parseRegex } from "./parse.ts";
import { compileRegexSet } from "./set.ts";
import { Walker } from "./walker.fixture.ts";

/** Sets of patterns, of five texts each. */
const RUNS = thoroughly(100);

let walker: Walker;
beforeAll(async () => {
  walker = await Walker.create();
});

const utf8 = (text: string) => new TextEncoder().encode(text);
const asText = (bytes: readonly number[]) => Buffer.from(bytes).toString();
const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

function found(patterns: readonly string[], text: string): number[] {
  return compileRegexSet(patterns)
    .flatMap((table) => walker.patterns(table, utf8(text)))
    .sort((a, b) => a - b);
}

describe("what a pattern says of literals", () => {
  test.each([
    [".*abc.*", "abc", false, true],
    ["^.*abc.*$", "abc", false, true],
    ["(?s).*abc.*", "abc", false, false],
    ["(.*)(abc)(.*)", "abc", false, true],
    [".*abc", "abc", true, true],
    [".*a\\.b$", "a.b", true, true],
    ["(?s).*a\\nb.*", "a\nb", false, false],
    [".*é.*", "é", false, true],
  ])("%s asks for a literal and no more", (pattern, literal, atEnd, noNewline) => {
    const contained = containedLiteral(parseRegex(pattern))!;
    expect({ ...contained, literal: asText(contained.literal) }).toEqual({ literal, atEnd, noNewline });
  });

  test.each([
    "abc",
    "abc.*",
    ".+abc.*",
    ".*abc.+",
    ".*ab?c.*",
    ".*[ab]c.*",
    "(?i).*abc.*",
    ".*a.*b.*",
    ".*",
    ".*abc$.*x",
    ".*(?s:abc.*)",
    ".*a\\nb.*",
    "x*abc.*",
    "(.*abc)*",
    ".*abc|.*d",
    ".*\\babc.*",
  ])("%s asks for something else", (pattern) => {
    expect(containedLiteral(parseRegex(pattern))).toBeUndefined();
  });

  test.each([
    ["/api/v[0-9]+/orders", ["/orders", "/api/v"]],
    [".*abc[0-9].*", ["abc"]],
    ["(abc)+", ["abc"]],
    ["(abc)*def", ["def"]],
    ["(abc|abd)", ["ab"]],
    ["x(?:abc){2}", ["xabcabc"]],
    ["(?:abc)?", []],
    ["a.b.c", []],
    ["abc|", []],
    ["(?:abcd|abce).*fghi", ["fghi", "abc"]],
  ])("what %s matches contains %j", (pattern, literals) => {
    expect(requiredLiterals(parseRegex(pattern)).map(asText)).toEqual(literals);
  });
});

describe("many patterns that ask for literals", () => {
  test("are one table, whose size is linear in them", () => {
    const size = (count: number) => {
      const tables = compileRegexSet(many(count, (i) => `.*x${i}y.*`));
      expect(tables.map(({ kind }) => kind)).toEqual(["literals"]);
      return tables[0]!.table.length - layout.TABLE_BODY;
    };
    expect(size(8000)).toBeLessThan(size(1000) * 10);
    expect(size(8000) / 8000).toBeLessThan(40);
  });

  test("are found wherever they stand, and those within others, too", () => {
    const patterns = [
      ".*she.*",
      ".*he.*",
      ".*hers.*",
      ".*his.*",
      ".*he",
      ".*s",
      ".*ushers.*",
      ".*e.*",
      ".*x.*",
    ];
    expect(found(patterns, "ushers")).toEqual([0, 1, 2, 5, 6, 7]);
    expect(found(patterns, "the")).toEqual([1, 4, 7]);
    expect(found(patterns, "this")).toEqual([3, 5]);
    expect(found(patterns, "")).toEqual([]);
  });

  test("do not match a text with a newline, unless `.` is one", () => {
    const patterns = [...many(8, (i) => `.*a${i}.*`), "(?s).*a1.*"];
    expect(found(patterns, "\na1")).toEqual([8]);
    expect(found(patterns, "a1")).toEqual([1, 8]);
  });

  test("are gates of tables that are many", { timeout: 600_000 }, () => {
    const patterns = [...many(600, (i) => `.*x${i}[yz].*q.*`), "(a|b)*a(a|b){30}", ".*q"];
    const tables = compileRegexSet(patterns);
    expect(tables[0]!.kind).toBe("literals");
    // What has no literal is asked of every text.
    expect(tables.length).toBeLessThan(4);
    expect(found(patterns, "x17z-x599y-q")).toEqual([17, 599, 601]);
    expect(found(patterns, "x17z-x599y")).toEqual([]);
  });

  test("match what RE2 matches", () => {
    const letters = fc.constantFrom("a", "b", "\n", "é");
    const word = fc.array(letters, { minLength: 1, maxLength: 5 }).map((all) => all.join(""));
    const dot = fc.constantFrom(".*", ".*", ".*", "(.*)", "[ab]*", ".+", "a?", "");
    const pattern = fc
      .tuple(fc.constantFrom("", "", "(?s)", "^", "(?i)"), dot, word, dot, fc.constantFrom("", "", "$"))
      .map((parts) => parts.join(""));
    let matches = 0;
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 8, maxLength: 40 }),
        fc.array(
          fc.array(letters, { maxLength: 12 }).map((all) => all.join("")),
          { minLength: 5, maxLength: 5 },
        ),
        (patterns, texts) => {
          const tables = compileRegexSet(patterns, { maxStates: 50 });
          for (const text of texts) {
            // é as the two characters that its bytes are.
            const latin1 = (string: string) => Buffer.from(string).toString("latin1");
            const wanted = patterns.flatMap((each, i) =>
              RE2JS.compile(latin1(each)).testExact(latin1(text)) ? [i] : [],
            );
            const got = tables.flatMap((table) => walker.patterns(table, utf8(text)));
            expect(
              got.sort((a, b) => a - b),
              JSON.stringify([patterns, text]),
            ).toEqual(wanted);
            matches += wanted.length;
          }
        },
      ),
      { numRuns: RUNS, seed: 4 },
    );
    expect(matches).toBeGreaterThan(3 * RUNS);
  });

  test("take work linear in a text that is made to cost most", async () => {
    const counting = await Walker.create({ counting: true });
    // Each of its places ends hundreds of literals, and walks back along all of one.
    const patterns = [
      ...many(600, (i) => `.*${"a".repeat(i + 1)}.*`),
      ...many(200, (i) => `.*${"a".repeat(i + 1)}b`),
    ];
    const [set] = compileRegexSet(patterns);
    expect(counting.load(set!.table)).toBe(true);
    const texts = ["a".repeat(30_000), `${"a".repeat(599)}c`.repeat(50), "ab".repeat(15_000)];
    for (const text of texts) {
      const accesses = counting.accessesOf(() => counting.targets(utf8(text)));
      expect(accesses).toBeGreaterThan(text.length);
      // A step back has a step forward before it; each target is found once.
      expect(accesses).toBeLessThan(10 * (text.length + patterns.length));
    }
  });
});
