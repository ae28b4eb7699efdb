/**
 * Lines of YAML in tokens, for a page that colours them. The lexer of the YAML library tells what is what; it begins a little
 * before the lines that are asked for, where the text is indented least and so is in no text of several lines: a range of a very long file
 * costs no more than a range of a short one. Whatever it makes of a text, the tokens of a line make up that line.
 */

import { CST, Lexer } from "yaml";
import type { LineToken, TokenKind } from "./api.ts";

/** Lines that are looked at before, for where to begin. */
export const LINES_BEFORE = 200;

/** Lines of one text, without their ends; the first `skip` are only read. */
export function tokensOf(lines: readonly string[], skip: number): readonly (readonly LineToken[])[] {
  const begin = leastIndented(lines.slice(0, skip + 1));
  const lexed = lex(lines.slice(begin));
  return lines.slice(skip).map((line, i) => {
    const tokens = lexed[skip - begin + i] ?? [];
    // What the lexer did not expect is shown as it is.
    return tokens.map(([, text]) => text).join("") === line ? tokens : [["other", line]];
  });
}

/** The last of those that are. */
function leastIndented(lines: readonly string[]): number {
  let least = Number.POSITIVE_INFINITY;
  let found = 0;
  for (const [i, line] of lines.entries()) {
    const indent = line.search(/[^\s]/);
    if (indent >= 0 && indent <= least && line[indent] !== "#") {
      least = indent;
      found = i;
    }
  }
  return found;
}

function lex(lines: readonly string[]): LineToken[][] {
  const found: LineToken[][] = [[]];
  let isContent = false;
  const add = (kind: TokenKind, text: string) => {
    for (const [i, part] of text.split("\n").entries()) {
      if (i > 0) {
        found.push([]);
      }
      if (part !== "") {
        found.at(-1)!.push([kind, part]);
      }
    }
  };
  for (const source of new Lexer().lex(`${lines.join("\n")}\n`)) {
    const type = isContent ? "content" : CST.tokenType(source);
    isContent = false;
    switch (type) {
      case "scalar":
        // A mark without width: what follows is one, whatever it looks like.
        isContent = true;
        break;
      case "doc-mode":
      case "flow-error-end":
        break;
      case "content":
        add(source.includes("\n") ? "string" : kindOfPlain(source), source);
        break;
      case "map-value-ind":
        nameLast(found.at(-1)!);
        add("punctuation", source);
        break;
      default:
        add((type && KINDS[type]) ?? "other", source);
    }
  }
  return found;
}

const KINDS: Readonly<Partial<Record<CST.TokenType, TokenKind>>> = {
  "doc-start": "punctuation",
  "doc-end": "punctuation",
  "seq-item-ind": "punctuation",
  "explicit-key-ind": "punctuation",
  "flow-map-start": "punctuation",
  "flow-map-end": "punctuation",
  "flow-seq-start": "punctuation",
  "flow-seq-end": "punctuation",
  "block-scalar-header": "punctuation",
  comma: "punctuation",
  space: "space",
  newline: "space",
  comment: "comment",
  "single-quoted-scalar": "string",
  "double-quoted-scalar": "string",
};

/** As the core schema of YAML 1.2 reads it. */
function kindOfPlain(text: string): TokenKind {
  if (/^(?:true|True|TRUE|false|False|FALSE|null|Null|NULL|~)$/.test(text)) {
    return "word";
  }
  return /^(?:[-+]?(?:0x[\da-fA-F]+|0o[0-7]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))$/.test(text)
    ? "number"
    : "string";
}

/** Before a colon stands a key. */
function nameLast(tokens: LineToken[]): void {
  const last = tokens.findLastIndex(([kind]) => kind !== "space");
  const token = tokens[last];
  if (token !== undefined && ["string", "number", "word"].includes(token[0])) {
    tokens[last] = ["key", token[1]];
  }
}
