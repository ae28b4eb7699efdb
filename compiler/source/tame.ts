/**
 * Reads the YAML that rules are mostly written in, many times as fast as a whole parser can: block mappings and
 * lists, values on one line. It gives up on whatever it is not sure of, and on all that is wrong; the caller then
 * asks the real parser, which also has the last word on what a plain word or number means.
 */

/** A text that is not for this reader. */
export const WILD = Symbol("wild");

export type ReadPlain = (text: string) => unknown;

/** The value of a document, `null` if there is nothing in it. `readPlain` says what a plain scalar means. */
export function readTame(text: string, readPlain: ReadPlain): unknown {
  if (UNUSUAL.test(text)) {
    return WILD;
  }
  try {
    return new Reader(text, readPlain).document();
  } catch (error) {
    if (error === WILD) {
      return WILD;
    }
    throw error;
  }
}

/** Everything but printable ASCII: tabs, other line ends, byte order marks. */
const UNUSUAL = /[^\n\x20-\x7e]/;
/** Far below what the real parser's caller refuses. */
const MAX_DEPTH = 40;

const KEY = /[A-Za-z_][\w./-]*(?=:(?: |\n|$))/y;
/**
 * Up to a comment or the line's end. A text with more pieces is for the real parser: to go back to, each takes memory
 * that an expression has only so much of. Begins with no indicator, be it one that is allowed before some characters.
 */
const PLAIN = /(?:[A-Za-z0-9_/.~+$(^;\\]|-(?=[0-9.]))[^\n#]*(?:(?<! )#[^\n#]*){0,1000}/y;
/** The same between brackets, where less is possible. */
const FLOW_PLAIN =
  /(?:[A-Za-z0-9_/.~+$(^;\\]|-(?=[0-9.]))[^\n#,[\]{}:"'&*!|>%@`]*(?::(?=[^\n# ,[\]{}:"'])[^\n#,[\]{}:"'&*!|>%@`]*){0,1000}/y;
const FLOW_KEY = /[A-Za-z_][\w./-]*(?=: )/y;
const SINGLE_QUOTED = /'([^'\n]*)'(?!')/y;
const DOUBLE_QUOTED = /"([^"\\\n]*)"/y;
const LINE_END = /(?: *| +#[^\n]*)(?:\n|$)/y;
/** What is left of this line when nothing is. */
const EMPTY_LINE = / *(?:#[^\n]*)?\n/y;
const BEFORE_CONTENT = / *(?:#[^\n]*$)?/y;

const DASH = 0x2d;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/** Words and numbers that may mean something else than their text. */
const MEANING = /^(?:[yn]|yes|no|on|off|true|false|null|~|[-+.0-9][-+.0-9a-fxo_:]*|[-+]?\.(?:inf|nan))$/i;
const INTEGER = /^(?:0|[1-9][0-9]{0,14})$/;

class Reader {
  readonly #text: string;
  readonly #readPlain: ReadPlain;
  /** Where the next content begins. */
  #at = 0;
  /** Its column. */
  #column = 0;
  #depth = 0;

  constructor(text: string, readPlain: ReadPlain) {
    this.#text = text;
    this.#readPlain = readPlain;
  }

  document(): unknown {
    if (/^---(?:[ \n]|$)/.test(this.#text)) {
      this.#at = 3;
      this.#endLine();
    } else {
      this.#nextContent();
    }
    if (this.#at === this.#text.length) {
      return null;
    }
    if (this.#column !== 0) {
      throw WILD;
    }
    const value = this.#mapping(0);
    if (this.#at !== this.#text.length) {
      throw WILD;
    }
    return value;
  }

  #mapping(column: number): Record<string, unknown> {
    this.#deeper();
    const value: Record<string, unknown> = {};
    do {
      const key = this.#take(KEY);
      if (key === undefined || MEANING.test(key) || key === "__proto__" || Object.hasOwn(value, key)) {
        throw WILD;
      }
      // The colon.
      this.#at += 1;
      value[key] = this.#value(column, true);
    } while (this.#continues(column));
    this.#depth -= 1;
    return value;
  }

  #list(column: number): unknown[] {
    this.#deeper();
    const values: unknown[] = [];
    do {
      // The dash.
      this.#at += 1;
      values.push(this.#item(column));
    } while (this.#continues(column) && this.#atDash());
    this.#depth -= 1;
    return values;
  }

  #item(column: number): unknown {
    const before = this.#at;
    this.#skipSpaces();
    KEY.lastIndex = this.#at;
    if (KEY.test(this.#text)) {
      return this.#mapping(column + 1 + this.#at - before);
    }
    if (this.#atDash()) {
      throw WILD;
    }
    this.#at = before;
    return this.#value(column, false);
  }

  /** What stands behind a key or a dash at this column, and the rest of its lines. */
  #value(column: number, ofKey: boolean): unknown {
    LINE_END.lastIndex = this.#at;
    if (LINE_END.test(this.#text)) {
      this.#at = LINE_END.lastIndex;
      this.#nextContent();
      if (this.#at === this.#text.length || this.#column < column) {
        return null;
      }
      if (this.#column === column) {
        return ofKey && this.#atDash() ? this.#list(column) : null;
      }
      return this.#atDash() ? this.#list(this.#column) : this.#mapping(this.#column);
    }
    if (this.#text.charCodeAt(this.#at) !== SPACE) {
      throw WILD;
    }
    this.#skipSpaces();
    const value = this.#quoted() ?? this.#flow() ?? this.#plain();
    this.#endLine();
    return value;
  }

  #plain(): unknown {
    const from = this.#at;
    const text = this.#take(PLAIN)?.trimEnd();
    // Spaces before a comment belong to it.
    this.#at = from + (text?.length ?? 0);
    if (text === undefined || text.includes(": ") || text.endsWith(":")) {
      throw WILD;
    }
    return this.#meaning(text);
  }

  #meaning(text: string): unknown {
    if (INTEGER.test(text)) {
      return Number(text);
    }
    return MEANING.test(text) ? this.#readPlain(text) : text;
  }

  #quoted(): string | undefined {
    const quoted = this.#take(DOUBLE_QUOTED) ?? this.#take(SINGLE_QUOTED);
    return quoted?.slice(1, -1);
  }

  /** A list or mapping between brackets, on this line. */
  #flow(): unknown {
    const open = this.#text[this.#at];
    if (open !== "[" && open !== "{") {
      return undefined;
    }
    this.#deeper();
    this.#at += 1;
    const value = open === "[" ? this.#flowList() : this.#flowMapping();
    this.#depth -= 1;
    return value;
  }

  #flowList(): unknown[] {
    const values: unknown[] = [];
    while (!this.#closes("]")) {
      values.push(this.#flowValue());
      this.#comma("]");
    }
    return values;
  }

  #flowMapping(): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    while (!this.#closes("}")) {
      const key = this.#take(FLOW_KEY);
      if (key === undefined || MEANING.test(key) || key === "__proto__" || Object.hasOwn(value, key)) {
        throw WILD;
      }
      this.#at += 1;
      this.#skipSpaces();
      value[key] = this.#flowValue();
      this.#comma("}");
    }
    return value;
  }

  #flowValue(): unknown {
    const value = this.#quoted() ?? this.#flow();
    if (value !== undefined) {
      return value;
    }
    const text = this.#take(FLOW_PLAIN)?.trimEnd();
    if (text === undefined) {
      throw WILD;
    }
    return this.#meaning(text);
  }

  #closes(bracket: string): boolean {
    this.#skipSpaces();
    if (this.#text[this.#at] !== bracket) {
      return false;
    }
    this.#at += 1;
    return true;
  }

  /** A comma with something behind it, or, not consumed, the bracket. */
  #comma(bracket: string): void {
    this.#skipSpaces();
    if (this.#text[this.#at] === bracket) {
      return;
    }
    if (this.#text[this.#at] !== ",") {
      throw WILD;
    }
    this.#at += 1;
    this.#skipSpaces();
    if (this.#text[this.#at] === bracket) {
      throw WILD;
    }
  }

  #take(pattern: RegExp): string | undefined {
    const from = this.#at;
    pattern.lastIndex = from;
    if (!pattern.test(this.#text)) {
      return undefined;
    }
    this.#at = pattern.lastIndex;
    return this.#text.slice(from, this.#at);
  }

  #continues(column: number): boolean {
    if (this.#at === this.#text.length || this.#column < column) {
      return false;
    }
    // More than this: the rest of a value of several lines, or a mistake.
    if (this.#column > column) {
      throw WILD;
    }
    return true;
  }

  #atDash(): boolean {
    if (this.#text.charCodeAt(this.#at) !== DASH) {
      return false;
    }
    const next = this.#text.charCodeAt(this.#at + 1);
    return Number.isNaN(next) || next === SPACE || next === NEWLINE;
  }

  #endLine(): void {
    LINE_END.lastIndex = this.#at;
    if (!LINE_END.test(this.#text)) {
      throw WILD;
    }
    this.#at = LINE_END.lastIndex;
    this.#nextContent();
  }

  #nextContent(): void {
    // One by one: there may be millions.
    while (this.#take(EMPTY_LINE) !== undefined) {}
    this.#take(BEFORE_CONTENT);
    this.#column = this.#at - this.#text.lastIndexOf("\n", this.#at - 1) - 1;
  }

  #skipSpaces(): void {
    while (this.#text.charCodeAt(this.#at) === SPACE) {
      this.#at += 1;
    }
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      throw WILD;
    }
  }
}
