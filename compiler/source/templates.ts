/**
 * Text that is to become YAML only when a template engine has read it: charts of Helm, playbooks. A parser finds an error on
 * every line of it, or takes `{{ .Values.name }}` for a mapping, and says nothing of what is wrong.
 */

import { Lexer } from "yaml";

/** What the lexer puts before a plain scalar, and before the lines of a block. */
const SCALAR = "\u001f";
/** Other marks of the lexer's own, which stand for no text. */
const MARKS: ReadonlySet<string> = new Set(["\u0002", "\u0018"]);

/** An action, as far as it looks like one of Go's templates: a field, a variable, or one of the words that charts use. */
const GO_ACTION =
  /\{\{-?\s*(?:[.$][\w.]|\.(?=\s*(?:\||-?\}\}))|(?:block|coalesce|default|define|else|end|fromYaml|if|include|index|lookup|printf|quote|range|required|template|ternary|toYaml|tpl|with)\b)[^{}]*\}\}/;

/** Whether a string has an action of a template in it. */
export function hasTemplateAction(text: string): boolean {
  return text.includes("{{") && GO_ACTION.test(text);
}

/**
 * Where a template's action stands that no YAML can mean: two braces where a mapping would begin. What is inside of quotes, comments and
 * blocks is text. `isBroken`: the text is no YAML, so that an action in a plain value, or one that ends in another
 * string than it begins in, is the reason.
 */
export function templateAt(text: string, isBroken: boolean): number | undefined {
  if (!text.includes("{{")) {
    return undefined;
  }
  let offset = 0;
  let before = "";
  /** Whether the next text is a block's, and not plain. */
  let isBlock = false;
  let isScalar = false;
  for (const token of new Lexer().lex(text)) {
    if (token === SCALAR) {
      isScalar = true;
      continue;
    }
    if (MARKS.has(token)) {
      continue;
    }
    if (token === "{" && before === "{" && /^\{[^{}]*\}\}/.test(text.slice(offset, offset + 1000))) {
      return offset - 1;
    }
    if (isBroken && !isBlock && isBrokenBy(token, isScalar)) {
      return offset + token.indexOf("{{");
    }
    if (isScalar) {
      isBlock = false;
    } else if (/^[|>]/.test(token)) {
      isBlock = true;
    }
    isScalar = false;
    before = token;
    offset += token.length;
  }
  return undefined;
}

function isBrokenBy(token: string, isPlain: boolean): boolean {
  const isQuoted = token.startsWith('"') || token.startsWith("'");
  const start = isPlain || isQuoted ? token.search(/(?<!\$)\{\{/) : -1;
  return start >= 0 && (isPlain || !token.includes("}}", start));
}
