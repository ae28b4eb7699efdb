/** Tables on a terminal, which has only so many columns: what matters least is left out first, and one column gives way. */

import type { Colors } from "./terminal.ts";

export interface Column<Row> {
  readonly title: string;
  text(row: Row): string;
  /** Colours for a text that was brought to its width. */
  paint?(row: Row, text: string): string;
  /** Numbers end where their column ends. */
  readonly right?: true;
  /** Shorter than its texts where the line is. */
  readonly grows?: true;
  /** Whether a text that is too long loses its end. Otherwise it loses its middle. */
  endsAnywhere?(row: Row): boolean;
  /** Those with less are left out first; absent: it is always there. */
  readonly keep?: number;
}

const GAP = "  ";
/** Characters that the column which gives way is not to fall below. */
const LEAST = 24;

// biome-ignore lint/suspicious/noControlCharactersInRegex: a sequence of colours begins with one
const SEQUENCE = /(\u001b\[\d+m)/;

/** The titles, and a line for each row. `marked` is the index of a row. */
export function table<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  columns: number,
  colors: Colors,
  marked?: number,
): string[] {
  const texts = new Map(all.map((column) => [column, rows.map((row) => column.text(row))]));
  // A column without anything in it says nothing.
  const widths = new Map(
    all.map((column) => [
      column,
      widest(texts.get(column)!) && widest([column.title, ...texts.get(column)!]),
    ]),
  );
  let shown = all.filter((column) => column.keep === undefined || widths.get(column)! > 0);
  const growing = all.find(({ grows }) => grows)!;
  const others = () =>
    shown.reduce((sum, one) => sum + (one === growing ? 0 : widths.get(one)! + GAP.length), 0);
  while (others() + Math.min(LEAST, widths.get(growing)!) > columns && shown.some(({ keep }) => keep)) {
    const least = Math.min(...shown.map(({ keep }) => keep ?? Number.POSITIVE_INFINITY));
    shown = shown.filter(({ keep }) => keep !== least);
  }
  widths.set(growing, Math.max(1, Math.min(widths.get(growing)!, columns - others())));
  const cell = (column: Column<Row>, text: string, row?: Row) =>
    fit(text, widths.get(column)!, column.right, row !== undefined && column.endsAnywhere?.(row));
  const line = (text: (column: Column<Row>) => string) => shown.map(text).join(GAP).trimEnd();
  const head = line((column) => cell(column, column.title));
  return [
    colors.bold(head),
    ...rows.map((row, i) => {
      const plain = (column: Column<Row>) => cell(column, texts.get(column)![i]!, row);
      return i === marked
        ? colors.inverse(line(plain))
        : line((column) => column.paint?.(row, plain(column)) ?? plain(column));
    }),
  ];
}

/** A line that has at most so many characters, sequences of colours aside. */
export function cut(line: string, columns: number): string {
  // Every second part is a sequence.
  const parts = line.split(SEQUENCE);
  const length = parts.reduce((sum, part, i) => sum + (i % 2 === 0 ? [...part].length : 0), 0);
  if (length <= columns) {
    return line;
  }
  let left = columns - 1;
  let isCut = false;
  const shown = parts.map((part, i) => {
    // Colours that end behind what is left out still do.
    if (i % 2 !== 0 || isCut) {
      return i % 2 !== 0 ? part : "";
    }
    const characters = [...part];
    isCut = characters.length > left;
    const kept = characters.slice(0, left).join("");
    left -= characters.length;
    return isCut ? `${kept}…` : kept;
  });
  return shown.join("");
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, [...text].length), 0);
}

function fit(text: string, width: number, right = false, endsAnywhere = false): string {
  const characters = [...text];
  if (characters.length <= width) {
    const blanks = " ".repeat(width - characters.length);
    return right ? blanks + text : text + blanks;
  }
  const end = endsAnywhere ? 0 : Math.floor((width - 1) / 2);
  return `${characters.slice(0, width - 1 - end).join("")}…${end === 0 ? "" : characters.slice(-end).join("")}`;
}
