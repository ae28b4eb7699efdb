/** Reads documents with textlint, so that code, links' targets and quoted commands are not taken for prose. */

import { TextlintKernel } from "@textlint/kernel";
import markdown from "@textlint/textlint-plugin-markdown";
import { advice, findWords, SPACING, WORDS } from "./words.mjs";

const kernel = new TextlintKernel();

/** The header of the column that shows how not to write. */
const BAD_EXAMPLES = "instead of";

function words(context) {
  const { Syntax, RuleError, report, locator, getSource } = context;
  let column = 0;
  let showsBadExamples = false;
  return {
    [Syntax.Table](table) {
      showsBadExamples = getSource(table.children[0].children[0]).replaceAll("|", "").trim() === BAD_EXAMPLES;
    },
    [Syntax.TableExit]() {
      showsBadExamples = false;
    },
    [Syntax.TableRow]() {
      column = 0;
    },
    [Syntax.TableCellExit]() {
      column += 1;
    },
    [Syntax.Str](node) {
      if (showsBadExamples && column === 0) {
        return;
      }
      for (const { index, found, write } of findWords(getSource(node), [...WORDS, ...SPACING])) {
        const padding = locator.range([index, index + found.length]);
        report(node, new RuleError(advice(found, write), { padding }));
      }
    },
  };
}

/**
 * The findings in a document of Markdown.
 *
 * @param {string} text
 * @returns {Promise<{ line: number, column: number, message: string }[]>}
 */
export async function checkDocument(text) {
  const { messages } = await kernel.lintText(text, {
    ext: ".md",
    plugins: [{ pluginId: "markdown", plugin: markdown.default ?? markdown }],
    rules: [{ ruleId: "words", rule: words }],
  });
  return messages.map(({ loc, message }) => ({ ...loc.start, message }));
}
