import fc from "fast-check";
import { RE2JS } from "re2js";
import { beforeAll, describe, expect, test } from "vitest";
import * as layout from "../../filter/regex/layout.ts";
import { thoroughly } from "../../test/harness/thorough.ts";
import { determinise } from "./determinise.ts";
import { latin1Pattern, latin1Text } from "./latin1.ts";
import { minimise } from "./minimise.ts";
import { buildNfa } from "./nfa.ts";
import { parseRegex } from "./parse.ts";
import { patternAndTexts } from "./patterns.fixture.ts";
import { compileRegexSet } from "./set.ts";
import { encodeComb, encodeDense, encodeNfa } from "./table.ts";
import { Walker } from "./walker.fixture.ts";

/** How many pairs of a pattern and a text are tried; each with every kind of table. */
const PAIRS = thoroughly(4_000);
const TEXTS_EACH = 7;

let walker: Walker;
beforeAll(async () => {
  walker = await Walker.create();
});

const utf8 = (text: string) => new TextEncoder().encode(text);
/** The judge reads what stands for bytes; that it does so right is said below, and asked of Envoy elsewhere. */
const judgeOf = (pattern: string) => {
  const codePointsOf = (group: string) =>
    RE2JS.compile(group).re2Input.prog.inst.flatMap(({ runes }: { runes: Iterable<number> }) => [...runes]);
  const tooWide = (text: string) => new Error(text);
  return RE2JS.compile(latin1Pattern(pattern, { codePointsOf, tooWide }));
};
/** Texts in UTF-8, and as bytes that are none. */
const inputsOf = (texts: readonly string[]) =>
  texts.flatMap((text) => [utf8(text), Uint8Array.from(Buffer.from(text, "latin1"))]);

/** Every way to run a pattern. */
function* tablesOf(pattern: string): Generator<[string, Uint8Array]> {
  const nfa = buildNfa([parseRegex(pattern)]);
  yield ["nfa", encodeNfa(nfa)];
  const full = determinise(nfa, { maxStates: 20_000, maxWork: 2_000_000 }, new Uint8Array(0));
  if (!full) {
    return;
  }
  const fits = full.next.length <= layout.DENSE_MAX_ENTRIES;
  if (fits) {
    yield ["dense", encodeDense(minimise(full))];
  }
  yield ["comb", encodeComb(minimise(full))];
}

function check(pattern: string, texts: readonly string[]): void {
  const judge = judgeOf(pattern);
  const inputs = inputsOf(texts);
  const wanted = inputs.map((input) => judge.testExact(latin1Text(input)));
  for (const [kind, table] of tablesOf(pattern)) {
    expect(walker.load(table), `${kind} table of ${pattern}`).toBe(true);
    const got = inputs.map((input) => walker.matches(input));
    if (got.some((match, i) => match !== wanted[i])) {
      const wrong = inputs.filter((_, i) => got[i] !== wanted[i]).map(latin1Text);
      expect.fail(`${kind}: ${JSON.stringify(pattern)} is wrong about ${JSON.stringify(wrong)}`);
    }
  }
}

describe("expressions match what RE2 matches", () => {
  test(
    `on ${PAIRS} generated pairs`,
    () => {
      let pairs = 0;
      let matches = 0;
      fc.assert(
        fc.property(patternAndTexts, ({ pattern, texts }) => {
          check(pattern, texts);
          pairs += texts.length;
          matches += texts.filter((text) => judgeOf(pattern).testExact(latin1Text(utf8(text)))).length;
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

  test("in sets, each pattern as if it were alone", () => {
    fc.assert(
      fc.property(
        fc.array(patternAndTexts, { minLength: 2, maxLength: 8 }),
        fc.boolean(),
        (chosen, tight) => {
          const patterns = chosen.map(({ pattern }) => pattern);
          const tables = compileRegexSet(patterns, tight ? { maxStates: 12 } : {});
          const inputs = inputsOf(chosen.flatMap(({ texts }) => texts.slice(0, 5)));
          const got = inputs.map(() => [] as number[]);
          for (const table of tables) {
            inputs.forEach((input, i) => {
              got[i]!.push(...walker.patterns(table, input));
            });
          }
          const judges = patterns.map(judgeOf);
          inputs.forEach((input, i) => {
            const wanted = judges.flatMap((judge, index) =>
              judge.testExact(latin1Text(input)) ? [index] : [],
            );
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

  test.each([
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

describe("bytes", () => {
  // What RE2 itself says in its Latin-1 mode: Envoy was asked.
  test.each<[string, number[], boolean]>([
    [".", [0xff], true],
    [".", [0x80], true],
    [".", [0xc3, 0xa9], false],
    [".*", [0x61, 0xff], true],
    ["(?s).*b", [0xff, 0x62], true],
    ["[^a]", [0xff], true],
    ["[^é]", [0xc3], false],
    ["[^é]", [0xe9], true],
    ["é", [0xc3, 0xa9], true],
    ["é", [0xe9], false],
    ["é{2}", [0xc3, 0xa9, 0xa9], true],
    ["\\xe9", [0xe9], true],
    ["\\xe9", [0xc3, 0xa9], false],
    ["(?i)é", [0xc3, 0xa9], true],
    ["(?i)é", [0xe3, 0xa9], false],
    ["(?i)é", [0xc3, 0x89], false],
    ["(?i)[^é]", [0xe3], true],
    ["(?i)\\p{Lu}", [0x61], true],
    ["(?i)\\p{Lu}", [0xc3], true],
    ["(?i)\\p{Lu}", [0xe3], false],
    ["[\\p{Greek}]", [0xce], false],
    ["[^\\p{Greek}]", [0xce], true],
    ["[[:alpha:]é]*", [0x61, 0xc3, 0xa9, 0x62], true],
    ["[[é]\\xff]", [0x5b, 0xff, 0x5d], true],
    ["[]é]*", [0x5d, 0xa9], true],
    ["\\Q[é\\E[\\xa9]", [0x5b, 0xc3, 0xa9, 0xa9], true],
    ["(?i)k", [0xe2, 0x84, 0xaa], false],
    ["\\W", [0xff], true],
    ["a\\b\\W{2}", [0x61, 0xc3, 0xa9], true],
    ["\\pL", [0xe9], true],
    ["\\pL{2}", [0xc3, 0xa9], false],
    ["\\p{Greek}*", [0xce, 0xb1], false],
    ["\\P{Greek}*", [0xce, 0xb1], true],
  ])("%s on %j", (pattern, bytes, wanted) => {
    for (const [kind, table] of tablesOf(pattern)) {
      expect(walker.load(table)).toBe(true);
      expect(walker.matches(Uint8Array.from(bytes)), kind).toBe(wanted);
    }
  });
});
