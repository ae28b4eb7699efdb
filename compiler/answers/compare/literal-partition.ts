/**
 * The values of an attribute of which rules ask for whole texts and beginnings only: what an automaton would find, told
 * from the texts themselves. That is most attributes of most rules, and thousands of texts make a large automaton.
 */

import type { TextMatch, ValueClass } from "./text-match.ts";

/** Tried behind a beginning, shortest first: some text that no other condition takes. */
const MAX_TRIED = 4000;

/** `undefined`: conditions of another kind, or a class of which no text was found. `admits`: what is in the universe. */
export function partitionLiterals(
  matches: readonly TextMatch[],
  admits: (text: string) => boolean,
  preferred: string,
): ValueClass[] | undefined {
  const exact = new Map<string, number[]>();
  const prefixes = new Map<string, number[]>();
  for (const [i, { kind, value, ignoreCase }] of matches.entries()) {
    if (kind === "regex" || ignoreCase) {
      return undefined;
    }
    const places = kind === "exact" ? exact : prefixes;
    const known = places.get(value);
    if (known === undefined) {
      places.set(value, [i]);
    } else {
      known.push(i);
    }
  }
  // Everything begins with nothing.
  if (!prefixes.has("")) {
    prefixes.set("", []);
  }
  const lengths = [...new Set([...prefixes.keys()].map(({ length }) => length))].sort((a, b) => b - a);
  const beginningsOf = (text: string) =>
    lengths
      .filter((length) => length <= text.length)
      .map((length) => text.slice(0, length))
      .filter((start) => prefixes.has(start));
  const holdsAt = (text: string) => beginningsOf(text).flatMap((start) => prefixes.get(start)!);
  const classes: ValueClass[] = [];
  const add = (value: string, holds: readonly number[]) =>
    classes.push({ value, holds: [...holds].sort((a, b) => a - b) });
  for (const [value, holds] of exact) {
    if (admits(value)) {
      add(value, [...holds, ...holdsAt(value)]);
    }
  }
  for (const start of prefixes.keys()) {
    const isOwn = (text: string) => !exact.has(text) && beginningsOf(text)[0] === start && admits(text);
    const value = firstWord(preferred, (word) => isOwn(start + word));
    if (value === undefined) {
      return undefined;
    }
    add(start + value, holdsAt(start));
  }
  const rank = (text: string) => [...text].map((character) => preferred.indexOf(character) + 1 || 99);
  return classes.sort((a, b) => a.value.length - b.value.length || compare(rank(a.value), rank(b.value)));
}

function firstWord(alphabet: string, isFine: (word: string) => boolean): string | undefined {
  const words = [""];
  for (let i = 0; i < words.length; i++) {
    if (isFine(words[i]!)) {
      return words[i];
    }
    if (words.length >= MAX_TRIED) {
      continue;
    }
    for (const character of alphabet) {
      words.push(words[i]! + character);
    }
  }
  return undefined;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((one, i) => one !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
