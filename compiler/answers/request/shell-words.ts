/** A command line as a POSIX shell splits it, without anything that a shell would replace: that is refused. */

import { RequestError } from "./asked.ts";

const BLANK = new Set([" ", "\t", "\n", "\r"]);
/** Outside of quotes these would start another command, or a file. */
const OPERATORS = new Set(["|", "&", ";", "<", ">", "(", ")", "`"]);

export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let i = 0;
  const add = (piece: string) => {
    word = (word ?? "") + piece;
  };
  while (i < text.length) {
    const char = text[i]!;
    if (BLANK.has(char)) {
      if (word !== undefined) {
        words.push(word);
      }
      word = undefined;
      i++;
    } else if (char === "#" && word === undefined) {
      const end = text.indexOf("\n", i);
      i = end < 0 ? text.length : end;
    } else if (char === "'") {
      const end = text.indexOf("'", i + 1);
      if (end < 0) {
        throw new RequestError("the command line ends inside single quotes");
      }
      add(text.slice(i + 1, end));
      i = end + 1;
    } else if (char === "$" && text[i + 1] === "'") {
      const { value, end } = ansiQuoted(text, i + 2);
      add(value);
      i = end;
    } else if (char === '"') {
      const { value, end } = doubleQuoted(text, i + 1);
      add(value);
      i = end;
    } else if (char === "\\") {
      // A line that goes on; browsers write copied commands so.
      const next = text.startsWith("\r\n", i + 1) ? "\r\n" : text[i + 1];
      if (next === undefined) {
        throw new RequestError("the command line ends with a backslash");
      }
      if (next !== "\n" && next !== "\r\n") {
        add(next);
      }
      i += 1 + next.length;
    } else {
      if (OPERATORS.has(char) || (char === "$" && /[\w({]/.test(text[i + 1] ?? ""))) {
        throw new RequestError(`the command line is not run by a shell: put ${char} in single quotes`);
      }
      add(char);
      i++;
    }
  }
  if (word !== undefined) {
    words.push(word);
  }
  return words;
}

function doubleQuoted(text: string, start: number): { value: string; end: number } {
  let value = "";
  for (let i = start; i < text.length; i++) {
    const char = text[i]!;
    if (char === '"') {
      return { value, end: i + 1 };
    }
    const next = text[i + 1];
    if (char === "\\" && next !== undefined && '"\\$`\n'.includes(next)) {
      if (next !== "\n") {
        value += next;
      }
      i++;
    } else if (char === "`" || (char === "$" && /[\w({]/.test(next ?? ""))) {
      throw new RequestError(`the command line is not run by a shell: put ${char} in single quotes`);
    } else {
      value += char;
    }
  }
  throw new RequestError("the command line ends inside double quotes");
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "?": "?",
  a: "\x07",
  b: "\b",
  e: "\x1b",
  E: "\x1b",
  f: "\f",
  v: "\v",
};

/** A byte, a character, or a byte in octal. */
const NUMBERED = /^(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3}))/;
const LAST_CHARACTER = 0x10ffff;

/** `$'…'`, in which browsers write what has quotes or letters of other languages. */
function ansiQuoted(text: string, start: number): { value: string; end: number } {
  let value = "";
  for (let i = start; i < text.length; i++) {
    const char = text[i]!;
    if (char === "'") {
      return { value, end: i + 1 };
    }
    if (char !== "\\") {
      value += char;
      continue;
    }
    const numbered = NUMBERED.exec(text.slice(i + 1, i + 10));
    if (numbered) {
      const [whole, byte, short, long, octal] = numbered;
      const hex = byte ?? short ?? long;
      const code = hex === undefined ? Number.parseInt(octal!, 8) & 0xff : Number.parseInt(hex, 16);
      value += code <= LAST_CHARACTER ? String.fromCodePoint(code) : "\ufffd";
      i += whole.length;
    } else {
      const next = text[i + 1] ?? "";
      value += ESCAPES[next] ?? `\\${next}`;
      i++;
    }
  }
  throw new RequestError("the command line ends inside single quotes");
}
