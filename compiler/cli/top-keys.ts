/** What keys do in `sluice top`. Pure: a key makes another choice of the one before. */

import { SORTS, type TopChoice } from "./top-view.ts";

export interface TopKeys extends TopChoice {
  /** A filter is being typed. */
  readonly isTyping: boolean;
  /** The marked rule is shown alone, with all that there is to say of it. */
  readonly isOpen: boolean;
}

export const FIRST_CHOICE: TopKeys = { sort: "rate", filter: "", isTyping: false, isOpen: false };

/** Rows of a page. */
const PAGE = 10;
const LONGEST_FILTER = 100;

/** `shown`: the keys of the rules that there are to mark, in their order. `quit`: nobody wants to see more. */
export function press(now: TopKeys, key: string, shown: readonly string[]): TopKeys | "quit" {
  if (key === "ctrl-c") {
    return "quit";
  }
  return now.isTyping ? type(now, key) : command(now, key, shown);
}

function type(now: TopKeys, key: string): TopKeys {
  switch (key) {
    case "enter":
      return { ...now, isTyping: false };
    case "escape":
      return { ...now, isTyping: false, filter: "" };
    case "backspace":
      return { ...now, filter: [...now.filter].slice(0, -1).join("") };
    default:
      // Names of keys, and what steers a terminal, are no characters of a filter.
      return [...key].length === 1 && key >= " " && now.filter.length < LONGEST_FILTER
        ? { ...now, filter: now.filter + key }
        : now;
  }
}

function command(now: TopKeys, key: string, shown: readonly string[]): TopKeys | "quit" {
  switch (key) {
    case "q":
      return now.isOpen ? { ...now, isOpen: false } : "quit";
    case "escape":
      return now.isOpen ? { ...now, isOpen: false } : { ...now, filter: "" };
    case "enter":
      return { ...now, isOpen: !now.isOpen && now.selected !== undefined };
    case "s":
      return { ...now, sort: SORTS[(SORTS.indexOf(now.sort) + 1) % SORTS.length]! };
    case "/":
      return { ...now, isTyping: true, isOpen: false };
    case "up":
    case "k":
      return moved(now, shown, -1);
    case "down":
    case "j":
      return moved(now, shown, 1);
    case "page up":
      return moved(now, shown, -PAGE);
    case "page down":
      return moved(now, shown, PAGE);
    case "home":
      return moved(now, shown, Number.NEGATIVE_INFINITY);
    case "end":
      return moved(now, shown, Number.POSITIVE_INFINITY);
    default:
      return now;
  }
}

function moved(now: TopKeys, shown: readonly string[], by: number): TopKeys {
  const at = now.selected === undefined ? -1 : shown.indexOf(now.selected);
  // The first step marks the first rule, whichever way it goes.
  const next = at < 0 ? 0 : Math.max(0, Math.min(shown.length - 1, at + by));
  const selected = shown[next];
  return selected === undefined ? now : { ...now, selected };
}
