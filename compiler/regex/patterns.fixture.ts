/**
 * Generators for tests: patterns of RE2's syntax together with texts that are likely to match, and to nearly match.
 */

import fc from "fast-check";

/** A piece of a pattern, and some of the texts it was made for. */
interface Piece {
  readonly source: string;
  readonly texts: readonly string[];
}

/** Few letters, so that texts and patterns meet; each number of bytes in UTF-8, and the letters that fold oddly. */
const LETTERS = [..."aabbcAK0_/-. \n", "k", "ſ", "é", "K", "ß", "σ", "€", "𝒳"];
const META = new Set("\\.+*?()|[]{}^$");

const letter = fc.constantFrom(...LETTERS);
const quote = (text: string) => (META.has(text) ? `\\${text}` : text);

const literal = letter.map((text): Piece => ({ source: quote(text), texts: [text] }));
const simple = fc.constantFrom<Piece>(
  { source: ".", texts: ["a", "\n", "€"] },
  { source: "(?s:.)", texts: ["\n", "b", "𝒳"] },
  { source: "\\d", texts: ["0", "٣"] },
  { source: "\\w", texts: ["_", "A", "é"] },
  { source: "\\W", texts: ["-", "é"] },
  { source: "\\s", texts: [" ", "\n"] },
  { source: "\\S", texts: ["a", "ß"] },
  { source: "\\D", texts: ["a", "0"] },
  { source: "\\pL", texts: ["é", "σ"] },
  { source: "\\PL", texts: ["0", "é"] },
  { source: "\\p{Greek}", texts: ["σ", "Σ"] },
  { source: "\\p{^Greek}", texts: ["a", "σ"] },
  { source: "[[:alpha:]]", texts: ["a", "0"] },
  { source: "[^[:punct:]]", texts: ["-", "k"] },
  { source: "[^a]", texts: ["b", "\n", "€"] },
  { source: "[^/]", texts: ["a", "/"] },
  { source: "[a-c0-9]", texts: ["c", "0"] },
  { source: "[^\\d\\s]", texts: ["a", " "] },
  { source: "[é-€]", texts: ["é", "σ", "€"] },
  { source: "[\\x80-\\xff]", texts: ["€", "é"] },
  { source: "\\x{e9}", texts: ["é"] },
  { source: "\\xc3\\251", texts: ["é"] },
  { source: "(?i:k)", texts: ["K", "k", "K"] },
  { source: "(?i:ſ)", texts: ["s", "S", "ſ"] },
  { source: "(?i:[^s])", texts: ["k", "ſ"] },
  { source: "(?i)σ", texts: ["ς", "Σ"] },
  { source: "\\Qa.b\\E", texts: ["a.b", "aab"] },
  { source: "^", texts: [""] },
  { source: "$", texts: [""] },
  { source: "(?m:^)", texts: ["", "\n"] },
  { source: "(?m:$)", texts: ["", "\n"] },
  { source: "\\A", texts: [""] },
  { source: "\\z", texts: [""] },
  { source: "\\b", texts: ["", " "] },
  { source: "\\B", texts: ["", "a"] },
  { source: "", texts: [""] },
);

const repetitions = fc.constantFrom<readonly [string, readonly number[]]>(
  ["*", [0, 1, 3]],
  ["+", [1, 2]],
  ["?", [0, 1]],
  ["*?", [0, 2]],
  ["+?", [1, 3]],
  ["??", [0, 1]],
  ["{2}", [1, 2, 3]],
  ["{0,2}", [0, 2, 3]],
  ["{1,}", [1, 4]],
  ["{3,5}?", [2, 4, 6]],
  ["{0}", [0, 1]],
);
const groups = fc.constantFrom("(", "(?:", "(?i:", "(?s:", "(?m:", "(?U:", "(?i-s:");

const { piece } = fc.letrec<{ piece: Piece }>((tie) => ({
  piece: fc.oneof(
    { maxDepth: 4, depthIdentifier: "pattern" },
    { arbitrary: literal, weight: 4 },
    { arbitrary: simple, weight: 3 },
    { arbitrary: fc.array(tie("piece"), { minLength: 1, maxLength: 4 }).map(concatenation), weight: 5 },
    { arbitrary: fc.array(tie("piece"), { minLength: 1, maxLength: 4 }).map(alternation), weight: 3 },
    {
      arbitrary: fc.tuple(tie("piece"), repetitions).map(([inner, times]) => repeated(inner, times)),
      weight: 3,
    },
    { arbitrary: fc.tuple(tie("piece"), groups).map(([inner, open]) => grouped(inner, open)), weight: 2 },
  ),
}));

function concatenation(pieces: readonly Piece[]): Piece {
  const texts = [0, 1, 2].map((i) => pieces.map(({ texts }) => texts[i % texts.length]).join(""));
  return { source: pieces.map(({ source }) => source).join(""), texts };
}

function alternation(pieces: readonly Piece[]): Piece {
  return {
    source: `(?:${pieces.map(({ source }) => source).join("|")})`,
    texts: pieces.flatMap(({ texts }) => texts).slice(0, 4),
  };
}

function repeated({ source, texts }: Piece, [operator, times]: readonly [string, readonly number[]]): Piece {
  return {
    source: `(?:${source})${operator}`,
    texts: times.map((n, i) => texts[i % texts.length]!.repeat(n)),
  };
}

function grouped({ source, texts }: Piece, open: string): Piece {
  const swapped = texts.map((text) => (open.includes("i") ? swapCase(text) : text));
  return { source: `${open}${source})`, texts: swapped };
}

function swapCase(text: string): string {
  const upper = text.toUpperCase();
  return text === upper ? text.toLowerCase() : upper;
}

/** A pattern, with texts of which some match it. */
export interface PatternAndTexts {
  readonly pattern: string;
  readonly texts: readonly string[];
}

const noise = fc.array(letter, { maxLength: 6 }).map((letters) => letters.join(""));

export const patternAndTexts = fc
  .record({ piece, random: fc.array(noise, { minLength: 2, maxLength: 2 }), at: fc.nat(), other: letter })
  .map(({ piece: { source, texts }, random, at, other }): PatternAndTexts => {
    const near = texts.slice(0, 3).map((text) => {
      const letters = [...text];
      letters.splice(at % (letters.length + 1), at & 1, other);
      return letters.join("");
    });
    return { pattern: source, texts: [...texts, ...near, ...random, ""].slice(0, 10) };
  });
