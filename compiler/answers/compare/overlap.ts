/**
 * Whether two rules may have a request in common, told at a glance: "no" is certain, "perhaps" is not. With thousands of
 * rules this leaves the few that have to be looked at closely.
 */

import type { PathMatch, RouteMatch, StringMatch, ValueMatch } from "../../ir/ir.ts";
import { compareStrings, lowerAscii } from "../../ir/text.ts";
import { literalPrefix, mayMatch } from "../../regex/index.ts";

function textsMayOverlap(a: StringMatch, b: StringMatch, fold: boolean): boolean {
  return startsMayOverlap(a.kind, startOf(a, fold), b.kind, startOf(b, fold));
}

function startsMayOverlap(a: StringMatch["kind"], first: string, b: StringMatch["kind"], second: string) {
  if (a === "exact" && b === "exact") {
    return first === second;
  }
  if (a === "exact") {
    return first.startsWith(second);
  }
  if (b === "exact") {
    return second.startsWith(first);
  }
  return first.startsWith(second) || second.startsWith(first);
}

const starts = new Map<string, string>();
const MAX_STARTS = 100_000;

/** What every text begins with that meets a condition. */
function startOf({ kind, value }: StringMatch, fold: boolean): string {
  if (kind !== "regex") {
    return fold ? lowerAscii(value) : value;
  }
  let start = starts.get(value);
  if (start === undefined) {
    start = literalPrefix(value);
    if (starts.size >= MAX_STARTS) {
      starts.clear();
    }
    starts.set(value, start);
  }
  return fold ? lowerAscii(start) : start;
}

/** Of headers, only those that a request has once: others may have one line for each rule. */
function namedMayOverlap(a: RouteMatch, b: RouteMatch): boolean {
  for (const header of a.headers) {
    if (header.invert || !header.name.startsWith(":")) {
      continue;
    }
    for (const other of b.headers) {
      if (other.invert || other.name !== header.name) {
        continue;
      }
      if (!valuesMayOverlap(header.match, other.match)) {
        return false;
      }
    }
  }
  for (const parameter of a.queryParams) {
    for (const other of b.queryParams) {
      if (other.name === parameter.name && !valuesMayOverlap(parameter.match, other.match)) {
        return false;
      }
    }
  }
  return true;
}

function valuesMayOverlap(a: ValueMatch, b: ValueMatch): boolean {
  return a.kind === "present" || b.kind === "present" || textsMayOverlap(a, b, false);
}

/** What is asked of each rule again and again. */
interface Entry {
  readonly match: RouteMatch;
  readonly path: PathMatch | undefined;
  /** What its path begins with, and the same in lower case. */
  readonly start: string;
  readonly folded: string;
  /** Whether it speaks of what a request has once, besides the path. */
  readonly isNamed: boolean;
}

function entryOf(match: RouteMatch): Entry {
  const { path } = match;
  const start = path === undefined ? "" : startOf(path, false);
  return {
    match,
    path,
    start,
    folded: lowerAscii(start),
    isNamed:
      match.queryParams.length > 0 ||
      match.headers.some(({ name, invert }) => !invert && name.startsWith(":")),
  };
}

function entriesMayOverlap(a: Entry, b: Entry): boolean {
  if (a.path !== undefined && b.path !== undefined) {
    const fold = a.path.ignoreCase || b.path.ignoreCase;
    const [first, second] = fold ? [a.folded, b.folded] : [a.start, b.start];
    if (!startsMayOverlap(a.path.kind, first, b.path.kind, second)) {
      return false;
    }
    if (!expressionMayTake(a.path, b.path) || !expressionMayTake(b.path, a.path)) {
      return false;
    }
  }
  return !a.isNamed || !b.isNamed || namedMayOverlap(a.match, b.match);
}

/** Whether one, if it is an expression, may match what the other asks for literally. */
function expressionMayTake(regex: PathMatch, literal: PathMatch): boolean {
  if (regex.kind !== "regex" || literal.kind === "regex" || literal.ignoreCase) {
    return true;
  }
  return mayMatch(regex.value, literal.value, literal.kind === "exact");
}

/** Rules found by what their paths begin with, of which there may be thousands. */
export class OverlapIndex {
  readonly #entries: readonly Entry[];
  /** By their whole path, in lower case; ascending, as all lists here. */
  readonly #exact = new Map<string, number[]>();
  /** Of the others, by what their paths begin with, in lower case. */
  readonly #open = new Map<string, number[]>();
  readonly #lengths: readonly number[];
  /** All of them, sorted by that. */
  readonly #starts: readonly (readonly [start: string, index: number])[];

  constructor(matches: readonly RouteMatch[]) {
    this.#entries = matches.map(entryOf);
    for (const [i, { path, folded }] of this.#entries.entries()) {
      const places = path?.kind === "exact" ? this.#exact : this.#open;
      const known = places.get(folded);
      if (known === undefined) {
        places.set(folded, [i]);
      } else {
        known.push(i);
      }
    }
    this.#lengths = [...new Set([...this.#open.keys()].map(({ length }) => length))].sort((a, b) => a - b);
    this.#starts = this.#entries
      .map(({ folded }, i) => [folded, i] as const)
      .sort(([a], [b]) => compareStrings(a, b));
  }

  /** Indices below `before`, ascending; `undefined`: more than `limit` would have to be looked at. */
  overlapping(match: RouteMatch, before: number, limit: number): number[] | undefined {
    const own = entryOf(match);
    const places: (readonly number[])[] = [];
    let looked = 0;
    const add = (indices: readonly number[] | undefined): boolean => {
      if (indices === undefined) {
        return true;
      }
      places.push(indices);
      looked += countBelow(indices, before);
      return looked <= limit;
    };
    for (const length of this.#lengths) {
      if (length > own.folded.length) {
        break;
      }
      if (!add(this.#open.get(own.folded.slice(0, length)))) {
        return undefined;
      }
    }
    if (!add(this.#exact.get(own.folded))) {
      return undefined;
    }
    if (own.path?.kind !== "exact") {
      for (let at = this.#after(own.folded); at < this.#starts.length; at++) {
        const [longer, index] = this.#starts[at]!;
        if (!longer.startsWith(own.folded)) {
          break;
        }
        if (index < before && !add([index])) {
          return undefined;
        }
      }
    }
    const found: number[] = [];
    for (const indices of places) {
      for (const index of indices) {
        if (index >= before) {
          break;
        }
        if (entriesMayOverlap(own, this.#entries[index]!)) {
          found.push(index);
        }
      }
    }
    return found.sort((a, b) => a - b);
  }

  /** The first place behind those that are the same. */
  #after(start: string): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]![0] <= start) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

/** How many of ascending numbers are smaller. */
function countBelow(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < limit) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
