/** What of `sluice top` a terminal shows: as many lines as there is room for, the marked rule among them, and what keys do. */

import { printable } from "../index.ts";
import type { Colors } from "./terminal.ts";
import { cut } from "./text-table.ts";
import type { TopKeys } from "./top-keys.ts";
import { ruleLines, type TopState, topKey, topLines } from "./top-view.ts";

export interface ScreenStyle {
  readonly colors: Colors;
  readonly columns: number;
  readonly rows: number;
}

export interface TopScreen {
  /** As many as the screen has rows. */
  readonly lines: readonly string[];
  /** The first line of the body that is shown, from 0: where the next one begins to look. */
  readonly first: number;
  /** Of the rules that there are to mark, in their order. */
  readonly keys: readonly string[];
}

/** The line that says how it goes, and those with what keys do. */
const HEAD = 1;
const FOOT = 1;

export function screenLines(
  state: TopState,
  choice: TopKeys,
  first: number,
  { colors, columns, rows }: ScreenStyle,
): TopScreen {
  const { lines, at, rules } = topLines(state, choice, { colors, columns });
  const keys = rules.map(topKey);
  const marked = choice.selected === undefined ? -1 : keys.indexOf(choice.selected);
  const room = Math.max(1, rows - HEAD - FOOT);
  const body = lines.slice(HEAD);
  const foot = cut(colors.dim(footLine(choice)), columns);
  if (choice.isOpen && marked >= 0) {
    const open = ruleLines(rules[marked]!, state, { colors, columns });
    return { lines: screen(lines[0]!, open.slice(0, room), foot, room), first, keys };
  }
  const start = scrolled(first, marked < 0 ? undefined : at[marked]! - HEAD, room, body.length);
  return { lines: screen(lines[0]!, body.slice(start, start + room), foot, room), first: start, keys };
}

function screen(head: string, body: readonly string[], foot: string, room: number): readonly string[] {
  return [head, ...body, ...Array.from({ length: room - body.length }, () => ""), foot];
}

/** As little as it takes for the marked line to be seen, and never beyond the end. */
function scrolled(first: number, marked: number | undefined, room: number, length: number): number {
  const most = Math.max(0, length - room);
  if (marked === undefined) {
    return Math.min(first, most);
  }
  // With the line of titles, for the first of them.
  const least = marked <= 1 ? 0 : marked;
  return Math.min(most, Math.max(Math.min(first, least), marked - room + 1));
}

function footLine({ sort, filter: typed, isTyping, isOpen }: TopKeys): string {
  const filter = printable(typed);
  if (isTyping) {
    return `filter: ${filter}_  (Enter keeps it, Esc removes it)`;
  }
  if (isOpen) {
    return "Enter or Esc goes back, q too";
  }
  const filtered = filter === "" ? "" : `  filter: ${filter} (Esc removes it)`;
  return `q ends  s sorts (by ${sort})  / filters  ↑↓ mark  Enter shows a rule${filtered}`;
}
