/** What keys do, wherever the focus is; the help lists it from here. */

import type { PageState } from "../state/page-state.ts";
import { TABS, tabsOf } from "./tabs.ts";

/** How long after `g` the next key belongs to it. */
const SEQUENCE_MS = 1500;

export interface Shortcut {
  readonly keys: readonly string[];
  readonly does: string;
}

export function shortcuts(page: PageState): readonly Shortcut[] {
  return [
    { keys: ["/"], does: "find rules" },
    { keys: ["↑", "↓"], does: "the rule before, the next one (also k, j)" },
    { keys: ["Enter"], does: "unfold or fold the rule" },
    { keys: ["→", "←"], does: "unfold, fold" },
    { keys: ["s"], does: "sort by traffic, or as written" },
    { keys: ["e"], does: "explain a request" },
    { keys: ["t"], does: "sample requests, or stop it" },
    ...tabsOf(page).map(({ key, title }) => ({ keys: ["g", key], does: `go to ${title}` })),
    { keys: ["c"], does: "what changed" },
    { keys: ["Esc"], does: "close, clear, go back" },
    { keys: ["?"], does: "this help" },
  ];
}

/** Listens until the page is closed. */
export function listenToKeys(page: PageState): void {
  let sequenceUntil = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) {
      return;
    }
    const isTyping = event.target instanceof Element && event.target.matches("input, textarea, select");
    if (event.key === "Escape") {
      leave(page, event.target);
      return;
    }
    if (isTyping || page.dialog.peek() !== undefined) {
      return;
    }
    const isSequence = event.timeStamp < sequenceUntil;
    sequenceUntil = 0;
    if (isSequence) {
      const tab = TABS.find(({ key, isThere }) => key === event.key && (isThere?.(page) ?? true));
      if (tab !== undefined) {
        page.tab.value = tab.id;
        event.preventDefault();
      }
      return;
    }
    if (event.key === "g") {
      sequenceUntil = event.timeStamp + SEQUENCE_MS;
    } else if (!press(page, event.key)) {
      return;
    }
    event.preventDefault();
  });
}

/** Whether the key means something. */
function press(page: PageState, key: string): boolean {
  switch (key) {
    case "/":
      focusIn(page, "filter");
      return true;
    case "e":
      focusIn(page, "question");
      return true;
    case "s":
      page.sort.value = page.sort.peek() === "file" ? "traffic" : "file";
      return true;
    case "t":
      void page.switchTap(page.tap.peek().percent > 0 ? 0 : 1);
      return true;
    case "c":
      page.dialog.value = { kind: "events" };
      return true;
    case "?":
      page.dialog.value = { kind: "help" };
      return true;
    default:
      return false;
  }
}

function leave(page: PageState, target: EventTarget | null): void {
  if (page.dialog.peek() !== undefined) {
    // The browser closes it as well, but tells so only later: a key that is pressed at once would be lost.
    page.dialog.value = undefined;
  } else if (page.filter.peek().text !== "" || page.filter.peek().flags.size > 0) {
    page.filter.value = { text: "", flags: new Set() };
  } else if (target instanceof HTMLElement && target.matches("input, textarea")) {
    document.getElementById("rule-list")?.focus();
  } else if (page.explained.peek() !== undefined) {
    page.explained.value = undefined;
  }
}

/** Both boxes are on the first tab. */
function focusIn(page: PageState, id: string): void {
  page.tab.value = "rules";
  requestAnimationFrame(() => document.getElementById(id)?.focus());
}
