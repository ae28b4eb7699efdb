/** How text is written for a terminal: what all renderers of text are told, and what lines and lists have in common. */

import type picocolors from "picocolors";

export type Colors = ReturnType<typeof picocolors.createColors>;

export interface Style {
  readonly colors: Colors;
  /** Characters of a line; a longer one is broken between words. What has no blank in it is never broken. */
  readonly columns: number;
  /** Lists in full. */
  readonly verbose: boolean;
}

/** Items of a list that nobody asked for in full. One more would cost the same line as saying that there is one more. */
const MOST_ITEMS = 6;

// biome-ignore lint/suspicious/noControlCharactersInRegex: a sequence of colours begins with one
const SEQUENCE = /\u001b\[(\d+)m/g;

/** `a, b, c, … 9 more` */
export function listed(names: readonly string[], { verbose }: Pick<Style, "verbose">): string {
  return folded(names, { verbose }, (left) => `… ${left} more`).join(", ");
}

/** The first of many, and how many are left, as an item of its own. */
export function folded<T>(
  items: readonly T[],
  { verbose }: Pick<Style, "verbose">,
  left: (count: number) => T,
  most = MOST_ITEMS,
): readonly T[] {
  return verbose || items.length <= most + 1 ? items : [...items.slice(0, most), left(items.length - most)];
}

/**
 * Breaks lines between words where they are too wide. What follows stands `hanging` characters further in than the line itself;
 * colours go on in it, and end with each line, as pagers want it. What is laid out in lines keeps them.
 */
export function wrap(text: string, { columns }: Pick<Style, "columns">, hanging = 2): string {
  return text.includes("\n")
    ? text
        .split("\n")
        .map((line) => wrapLine(line, columns, hanging))
        .join("\n")
    : wrapLine(text, columns, hanging);
}

function wrapLine(line: string, columns: number, hanging: number): string {
  if (widthOf(line) <= columns) {
    return line;
  }
  const margin = /^ */.exec(line)![0];
  const indent = " ".repeat(margin.length + hanging);
  const lines: string[] = [];
  let open: readonly string[] = [];
  let current = margin;
  let isEmpty = true;
  for (const word of line.slice(margin.length).split(" ")) {
    const width = widthOf(word);
    // One that is too long for a line of its own stays where it is: nothing would be gained.
    if (!isEmpty && widthOf(current) + 1 + width > columns && indent.length + width <= columns) {
      lines.push(open.length > 0 ? `${current}\u001b[0m` : current);
      current = indent + open.join("") + word;
    } else {
      current += isEmpty ? word : ` ${word}`;
    }
    isEmpty = false;
    open = openAfter(open, word);
  }
  return [...lines, current].join("\n");
}

/** Characters that a reader sees. */
export function widthOf(text: string): number {
  return [...text.replace(SEQUENCE, "")].length;
}

/** The sequences that are still in effect behind a word. */
function openAfter(open: readonly string[], word: string): readonly string[] {
  let now = open;
  for (const [sequence, code] of word.matchAll(SEQUENCE)) {
    const number = Number(code);
    if (number === 0) {
      now = [];
    } else if (number === 22) {
      now = now.filter((one) => one !== "\u001b[1m" && one !== "\u001b[2m");
    } else if (number === 39) {
      now = now.filter((one) => !/\[[39]\dm/.test(one));
    } else {
      now = [...now, sequence];
    }
  }
  return now;
}
