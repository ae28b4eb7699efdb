/**
 * What the program says: every string and template of a source file that has words. There is no list of functions that
 * print, which would be incomplete; a name, a path or a key of JSON has no words.
 */

import { parseSync, Visitor } from "vite";
import { advice, findWords } from "./words.mjs";

/** Stands for a value within a template. */
const VALUE = "…";

/**
 * The findings in a file of TypeScript.
 *
 * @param {string} name
 * @param {string} source
 * @returns {{ line: number, column: number, message: string }[]}
 */
export function checkMessages(name, source) {
  const texts = [];
  new Visitor({
    Literal({ value, start }) {
      if (typeof value === "string") {
        texts.push({ start, text: value });
      }
    },
    TemplateLiteral({ quasis, start }) {
      texts.push({ start, text: quasis.map(({ value }) => value.cooked ?? value.raw).join(VALUE) });
    },
  }).visit(parseSync(name, source).program);
  return texts
    .filter(({ text }) => /\p{L} +\p{L}/u.test(text) || text.includes(VALUE))
    .flatMap(({ start, text }) =>
      findWords(text).map(({ found, write }) => ({
        ...placeOf(source, start),
        message: advice(found, write),
      })),
    );
}

function placeOf(source, offset) {
  const before = source.slice(0, offset).split("\n");
  return { line: before.length, column: before.at(-1).length + 1 };
}
