/**
 * Moves records that stand behind a gap whose contents have become longer or shorter: what they say of records, strings and routes
 * behind it moves along. Only of the kinds of records that nearly all rules are made of.
 */

import * as layout from "../../../filter/layout.ts";

/** Where something begins: as records and strings are referred to, and a number of routes. */
export interface Place {
  readonly record: number;
  readonly string: number;
  /** How many texts the strings before it were appended as. */
  readonly text: number;
  readonly route: number;
}

/** A gap `from` … `before`, which is `from` … `now` from now on. */
export interface Gap {
  readonly from: Place;
  readonly before: Place;
  readonly now: Place;
}

/** What is behind a gap says something of what stood in it, or is of a kind that is not moved here. */
export class NotMovable extends Error {}

/** `r` a route, `n` a node, `o` the offset of a record (or 0, or another number that is none), `s` a string and its length, `.` any other word. */
type Fields = string;

/** The words of each kind behind its first, and what goes on until its end. */
const KINDS: ReadonlyMap<number, readonly [begins: Fields, goesOn: Fields]> = new Map([
  [layout.KIND_LEAF, ["r", "ro"]],
  [layout.KIND_SWITCH, ["r.nooon", ""]],
  [layout.KIND_HEADERS, ["", "s.s."]],
  [layout.KIND_FORWARD, ["ooo..o..", "..s.oooo"]],
  [layout.KIND_FORWARD_ONE, ["ooo..s.o", ""]],
  [layout.KIND_RESPONSE, ["o.s.o", ""]],
  [layout.KIND_FAULT, [".....o", ""]],
  [layout.KIND_LIMIT, ["o......s.", "o"]],
  [layout.KIND_LINES, ["", "."]],
  [layout.KIND_EDITS, ["", ".s.s."]],
  [layout.KIND_REDIRECT, ["o.s.s.s...s.os.", ""]],
  [layout.KIND_STICKY, ["..s.", "."]],
  [layout.KIND_RULE, ["s..", ""]],
  [layout.KIND_LABEL, ["s.", ""]],
  [layout.KIND_REGEX, ["", "."]],
  [layout.KIND_REGEX_SET, ["oo", "n"]],
]);

export class Mover {
  readonly #gap: Gap;

  constructor(gap: Gap) {
    this.#gap = gap;
  }

  /** The same records where they stand now, in place. Throws `NotMovable`. */
  records(words: Uint32Array): void {
    for (let at = 0; at < words.length; ) {
      const head = words[at]!;
      const end = at + (head >>> layout.RECORD_SIZE_SHIFT);
      this.#record(head & layout.RECORD_KIND_MASK, words, at + 1, end);
      at = end;
    }
  }

  /** The offset of a record, or 0. */
  record(offset: number): number {
    const { from, before, now } = this.#gap;
    return moved(offset, from.record, before.record, now.record);
  }

  node(reference: number): number {
    return (reference & layout.NODE_TAG_MASK) === layout.NODE_DIRECT
      ? ((this.#route(reference >>> layout.NODE_SHIFT) << layout.NODE_SHIFT) | layout.NODE_DIRECT) >>> 0
      : this.record(reference);
  }

  place({ record, string, text, route }: Place): Place {
    const { from, before, now } = this.#gap;
    return {
      record: moved(record, from.record, before.record, now.record),
      string: moved(string, from.string, before.string, now.string),
      text: moved(text, from.text, before.text, now.text),
      route: moved(route, from.route, before.route, now.route),
    };
  }

  #route(route: number): number {
    const { from, before, now } = this.#gap;
    return route === layout.ROUTE_NONE ? route : moved(route, from.route, before.route, now.route);
  }

  #string(offset: number, length: number): number {
    const { from, before, now } = this.#gap;
    // What is empty, or is no string at all, may be of either side.
    if (length === 0 && offset >= from.string && offset <= before.string) {
      throw new NotMovable();
    }
    return moved(offset, from.string, before.string, now.string);
  }

  /** `from`: behind the first word. */
  #record(kind: number, words: Uint32Array, from: number, to: number): void {
    switch (kind) {
      case layout.KIND_PREDICATES:
        this.#predicates(words, from, to);
        return;
      case layout.KIND_NODE_TABLE: {
        const starts = words[from + 1]! + 2;
        this.#fields(words, from + 2 + starts, to, "", ".s.n");
        return;
      }
      case layout.KIND_TRIE: {
        const children = words[from + 5]!;
        const keys = children <= layout.TRIE_LIST_MAX ? (children + 3) >> 2 : layout.TRIE_BITMAP_SIZE / 4;
        this.#fields(words, from, from + 6, "s.nor.", "");
        this.#fields(words, from + 6 + keys, to, "", "o");
        return;
      }
      default: {
        const fields = KINDS.get(kind);
        if (fields === undefined) {
          throw new NotMovable();
        }
        this.#fields(words, from, to, ...fields);
      }
    }
  }

  #predicates(words: Uint32Array, from: number, to: number): void {
    for (let at = from; at < to; at += layout.PREDICATE_SIZE / 4) {
      const type = words[at]! & layout.PREDICATE_TYPE_MASK;
      if (type === layout.PREDICATE_REGEX) {
        words[at + 1] = this.record(words[at + 1]!);
      } else if (type !== layout.PREDICATE_PRESENT) {
        words[at + 1] = this.#string(words[at + 1]!, words[at + 2]!);
      }
    }
  }

  #fields(words: Uint32Array, from: number, to: number, begins: Fields, goesOn: Fields): void {
    for (let at = from; at < to; at++) {
      const index = at - from;
      const field = index < begins.length ? begins[index] : goesOn[(index - begins.length) % goesOn.length];
      if (field === "o") {
        words[at] = this.record(words[at]!);
      } else if (field === "s") {
        words[at] = this.#string(words[at]!, words[at + 1]!);
      } else if (field === "n") {
        words[at] = this.node(words[at]!);
      } else if (field === "r") {
        words[at] = this.#route(words[at]!);
      }
    }
  }
}

/** What stands before a gap stays, and what stood in it is gone. */
function moved(place: number, from: number, before: number, now: number): number {
  if (place < from) {
    return place;
  }
  if (place < before) {
    throw new NotMovable();
  }
  return place - before + now;
}
