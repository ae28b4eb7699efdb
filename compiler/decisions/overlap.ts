/**
 * Whether two rules may have a request in common, told at a glance: "no" is certain, "perhaps" is not. With thousands of
 * rules this leaves the few that have to be looked at closely.
 */

import type { RouteMatch, StringMatch, ValueMatch } from "../ir/ir.ts";
import { literalPrefix } from "../regex/index.ts";

export function mayOverlap(a: RouteMatch, b: RouteMatch): boolean {
  return pathsMayOverlap(a, b) && namedMayOverlap(a, b);
}

function pathsMayOverlap({ path: a }: RouteMatch, { path: b }: RouteMatch): boolean {
  if (a === undefined || b === undefined) return true;
  const fold = a.ignoreCase || b.ignoreCase;
  return textsMayOverlap(a, b, fold);
}

function textsMayOverlap(a: StringMatch, b: StringMatch, fold: boolean): boolean {
  const [first, second] = [startOf(a, fold), startOf(b, fold)];
  if (a.kind === "exact" && b.kind === "exact") return first === second;
  if (a.kind === "exact") return first.startsWith(second);
  if (b.kind === "exact") return second.startsWith(first);
  return first.startsWith(second) || second.startsWith(first);
}

const starts = new Map<string, string>();
const MAX_STARTS = 100_000;

/** What every text begins with that meets a condition. */
function startOf({ kind, value }: StringMatch, fold: boolean): string {
  if (kind !== "regex") return fold ? value.toLowerCase() : value;
  let start = starts.get(value);
  if (start === undefined) {
    start = literalPrefix(value);
    if (starts.size >= MAX_STARTS) starts.clear();
    starts.set(value, start);
  }
  return fold ? start.toLowerCase() : start;
}

/** Of headers, only those that a request has once: others may have one line for each rule. */
function namedMayOverlap(a: RouteMatch, b: RouteMatch): boolean {
  for (const header of a.headers) {
    if (header.invert || !header.name.startsWith(":")) continue;
    for (const other of b.headers) {
      if (other.invert || other.name !== header.name) continue;
      if (!valuesMayOverlap(header.match, other.match)) return false;
    }
  }
  for (const parameter of a.queryParams) {
    for (const other of b.queryParams) {
      if (other.name === parameter.name && !valuesMayOverlap(parameter.match, other.match)) return false;
    }
  }
  return true;
}

function valuesMayOverlap(a: ValueMatch, b: ValueMatch): boolean {
  return a.kind === "present" || b.kind === "present" || textsMayOverlap(a, b, false);
}

/** Rules found by what their paths begin with, of which there may be thousands. */
export class OverlapIndex {
  readonly #matches: readonly RouteMatch[];
  /** By what a path begins with, in lower case; sorted by it. */
  readonly #starts: readonly (readonly [start: string, index: number])[];
  readonly #byStart = new Map<string, number[]>();
  readonly #lengths: readonly number[];

  constructor(matches: readonly RouteMatch[]) {
    this.#matches = matches;
    const starts = matches.map(({ path }, i) => [path === undefined ? "" : startOf(path, true), i] as const);
    for (const [start, i] of starts) {
      const known = this.#byStart.get(start);
      if (known === undefined) this.#byStart.set(start, [i]);
      else known.push(i);
    }
    this.#starts = starts.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
    this.#lengths = [...new Set(starts.map(([start]) => start.length))];
  }

  /** Indices below `before`, ascending; `undefined`: more than are worth looking at. */
  overlapping(match: RouteMatch, before: number, limit: number): number[] | undefined {
    const { path } = match;
    const start = path === undefined ? "" : startOf(path, true);
    const found: number[] = [];
    let looked = 0;
    const consider = (index: number) => {
      looked += 1;
      if (index < before && mayOverlap(match, this.#matches[index]!)) found.push(index);
    };
    for (const length of this.#lengths) {
      if (length > start.length) continue;
      for (const index of this.#byStart.get(start.slice(0, length)) ?? []) {
        if (index >= before) break;
        consider(index);
        if (looked > limit) return undefined;
      }
    }
    if (path?.kind !== "exact") {
      for (let at = this.#after(start); at < this.#starts.length; at++) {
        const [longer, index] = this.#starts[at]!;
        if (!longer.startsWith(start)) break;
        consider(index);
        if (looked > limit) return undefined;
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
      if (this.#starts[middle]![0] <= start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
