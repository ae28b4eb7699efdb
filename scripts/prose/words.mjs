/**
 * The words that "How we write English" in CONTRIBUTING.md advises against, as patterns. Only what is wrong wherever it
 * stands is here: a pattern that also finds good sentences would teach people to switch it off.
 */

/** @type {readonly { pattern: RegExp, write: string }[]} */
export const WORDS = [
  {
    pattern: /(?<!\bthere )\b(?:is|are) no (?!(?:longer|more|less|other|better|different)\b)\p{L}+/iu,
    write: 'say what is wrong: "is not a valid …", "has no …"',
  },
  { pattern: /\bthat (?:is|are) none\b/i, write: '"invalid"' },
  { pattern: /\bnobody\b/i, write: 'name who, or say "unused", "no client"' },
  { pattern: /\bhardly meant\b/i, write: '"probably not what you meant"' },
  { pattern: /\bwhat becomes of\b/i, write: '"how … is routed", "what happens to"' },
  { pattern: /\b(?:is|are) said\b/i, write: "the fact itself, in the active voice" },
  { pattern: /\brules? go(?:es)? on\b/i, write: '"stay in effect"' },
  {
    pattern: /\bbehind (?:\p{L}+ )?(?:rule|match|route|condition|option|destination)s?\b/iu,
    write: '"after": what is behind something serves it',
  },
  { pattern: /\bfull stops?\b/i, write: '"dot"' },
  { pattern: /\bcan not\b/i, write: '"cannot"' },
  { pattern: /\b(?:e\.g|i\.e)\./i, write: '"for example", "that is"' },
];

/** For documents only: what a terminal shows may stand in columns. */
export const SPACING = [{ pattern: /[\p{L}\p{N},.;:)]\x20{2,}[\p{L}\p{N}(]/u, write: "one space" }];

/**
 * What a text should say otherwise, in the order of its places. A line may end within a pattern.
 *
 * @param {string} text
 * @param {typeof WORDS} words
 * @returns {{ index: number, found: string, write: string }[]}
 */
export function findWords(text, words = WORDS) {
  return words
    .flatMap(({ pattern, write }) =>
      [...text.matchAll(new RegExp(pattern.source.replaceAll(" ", "\\s+"), `${pattern.flags}g`))].map(
        (match) => ({
          index: match.index,
          found: match[0],
          write,
        }),
      ),
    )
    .sort((a, b) => a.index - b.index);
}

/** @param {string} found @param {string} write */
export function advice(found, write) {
  return `"${found.replaceAll(/\s+/g, " ")}": write ${write}`;
}
