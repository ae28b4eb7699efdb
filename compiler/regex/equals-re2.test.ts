import fc from "fast-check";
import { RE2JS } from "re2js";
import { beforeAll, describe, expect, it } from "vitest";
import { DENSE_MAX_ENTRIES } from "../../filter/regex/layout.ts";
import { determinise } from "./determinise.ts";
import { minimise } from "./minimise.ts";
import { buildNfa } from "./nfa.ts";
import { parseRegex } from "./parse.ts";
import { patternAndTexts } from "./patterns.fixture.ts";
import { compileRegexSet } from "./set.ts";
import { encodeComb, encodeDense, encodeNfa } from "./table.ts";
import { Walker } from "./walker.fixture.ts";

/** How many pairs of a pattern and a text are tried; each with every kind of table. */
const PAIRS = Number(process.env.SLUICE_REGEX_PAIRS ?? 10_000);
const TEXTS_EACH = 7;

let walker: Walker;
beforeAll(async () => {
  walker = await Walker.create();
});

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Every way to run a pattern. */
function* tablesOf(pattern: string): Generator<[string, Uint8Array]> {
  const nfa = buildNfa([parseRegex(pattern)]);
  yield ["nfa", encodeNfa(nfa)];
  const full = determinise(nfa, { maxStates: 20_000, maxWork: 2_000_000 }, new Uint8Array(0));
  if (!full) return;
  const fits = full.next.length <= DENSE_MAX_ENTRIES;
  if (fits) yield ["dense", encodeDense(minimise(full))];
  yield ["comb", encodeComb(minimise(full))];
}

function check(pattern: string, texts: readonly string[]): void {
  const judge = RE2JS.compile(pattern);
  const inputs = texts.map(utf8);
  const wanted = inputs.map((input) => judge.testExact(input));
  for (const [kind, table] of tablesOf(pattern)) {
    expect(walker.load(table), `${kind} table of ${pattern}`).toBe(true);
    const got = inputs.map((input) => walker.matches(input));
    if (got.some((match, i) => match !== wanted[i])) {
      const wrong = texts.filter((_, i) => got[i] !== wanted[i]);
      expect.fail(`${kind}: ${JSON.stringify(pattern)} is wrong about ${JSON.stringify(wrong)}`);
    }
  }
}

describe("expressions match what RE2 matches", () => {
  it(
    `on ${PAIRS} generated pairs`,
    () => {
      let pairs = 0;
      let matches = 0;
      fc.assert(
        fc.property(patternAndTexts, ({ pattern, texts }) => {
          check(pattern, texts);
          pairs += texts.length;
          matches += texts.filter((text) => RE2JS.compile(pattern).testExact(utf8(text))).length;
        }),
        { numRuns: Math.ceil(PAIRS / TEXTS_EACH), seed: 20 },
      );
      expect(pairs).toBeGreaterThanOrEqual(PAIRS);
      // A generator whose texts never match would prove nothing.
      expect(matches / pairs).toBeGreaterThan(0.2);
      expect(matches / pairs).toBeLessThan(0.8);
    },
    60_000 + PAIRS * 10,
  );

  it("in sets, each pattern as if it were alone", () => {
    fc.assert(
      fc.property(
        fc.array(patternAndTexts, { minLength: 2, maxLength: 8 }),
        fc.boolean(),
        (chosen, tight) => {
          const patterns = chosen.map(({ pattern }) => pattern);
          const tables = compileRegexSet(patterns, tight ? { maxStates: 12 } : {});
          const inputs = chosen.flatMap(({ texts }) => texts.slice(0, 5)).map(utf8);
          const got = inputs.map(() => [] as number[]);
          for (const { table, acceptSets } of tables) {
            expect(walker.load(table)).toBe(true);
            inputs.forEach((input, i) => {
              const set = walker.set(input);
              if (set >= 0) got[i]!.push(...acceptSets[set]!);
            });
          }
          const judges = patterns.map((pattern) => RE2JS.compile(pattern));
          inputs.forEach((input, i) => {
            const wanted = judges.flatMap((judge, index) => (judge.testExact(input) ? [index] : []));
            expect(
              got[i]!.sort((a, b) => a - b),
              `${JSON.stringify(patterns)}`,
            ).toEqual(wanted);
          });
        },
      ),
      { numRuns: Math.ceil(PAIRS / 100), seed: 21 },
    );
  });
});

describe("adversarial expressions", () => {
  const many = (letters: string, count: number) => {
    const texts: string[] = [];
    for (let i = 0; i < count; i++) {
      let text = "";
      for (let bits = i * 2654435761 + 1, n = i % 24; n > 0; n--, bits = (bits >>> 1) ^ (bits << 31)) {
        text += letters[(bits >>> 0) % letters.length];
      }
      texts.push(text);
    }
    return texts;
  };

  it.each([
    ["(a|b)*a(a|b){10}", "ab"],
    ["(a*)*b", "ab"],
    ["(a|aa)+", "ab"],
    ["(a+)+$", "ab"],
    ["(.*)*.*=.*", "a="],
    ["((a{0,3}){0,3}){0,3}b?", "ab"],
    ["(a{2,3}b{1,2}){2,4}", "ab"],
    ["(|a)*(|b|)+", "ab"],
    ["(?:)|(?:a|)", "a"],
    ["(?i)kſσ*", "kKſsSσςΣK"],
    ["(?i:[k-s])+", "kKlſsSt"],
    ["[\\p{Greek}\\p{Cyrillic}]+", "αяa"],
    ["\\P{Greek}+", "αяa"],
    [".+", "a\né€"],
    ["(?s).+", "a\né€"],
    ["^^a$$", "ab"],
    ["(?m)(^a$\\n?)+", "a\n"],
    ["\\Aa\\z|^b*$", "ab"],
    ["(\\b\\w+\\b\\W?)*", "a_ -"],
    ["(\\B.)*", "a -"],
    ["\\B", "a"],
    ["(a\\Bb|a\\b-)*", "ab-"],
    ["a$b|^", "ab"],
    ["(?m)$^", "\n"],
    ["(?m)(^$\\n)*", "\n"],
    ["[^\\x00-\\x7f]*", "aé€𝒳"],
    ["[é-ÿ€-₿𝒳-𝒵]*", "é€𝒳a"],
  ])("%s", (pattern, letters) => {
    check(pattern, many([...letters].join(""), 400).concat([...letters]));
  });
});

describe("bytes that are not UTF-8", () => {
  // What RE2 itself says (its C++ library was asked): a dot takes whatever has the shape of a character.
  it.each<[string, number[], boolean]>([
    [".", [0xff], false],
    [".", [0x80], false],
    [".", [0xc3], false],
    [".", [0xc3, 0xa9], true],
    [".", [0xc0, 0x80], false],
    [".", [0xe0, 0x80, 0x80], true],
    [".", [0xed, 0xa0, 0x80], true],
    [".", [0xf0, 0x80, 0x80, 0x80], true],
    [".", [0xf4, 0xbf, 0xbf, 0xbf], true],
    [".", [0xf5, 0x80, 0x80, 0x80], false],
    [".*", [0x61, 0xff], false],
    ["[^a]", [0xff], false],
    ["[^a]", [0xe0, 0x80, 0x80], true],
    ["[^é]", [0xe0, 0x80, 0x80], false],
    ["\\x{fffd}", [0xff], false],
    ["(?s).*b", [0xff, 0x62], false],
    ["\\W", [0xff], false],
    ["a\\b\\W", [0x61, 0xc3, 0xa9], true],
  ])("%s on %j", (pattern, bytes, wanted) => {
    for (const [kind, table] of tablesOf(pattern)) {
      expect(walker.load(table)).toBe(true);
      expect(walker.matches(Uint8Array.from(bytes)), kind).toBe(wanted);
    }
  });
});
