/**
 * JSON that depends on nothing but the value: the keys of each object are sorted. Equal data has one text, however it
 * was put together, so the text stands for it: as an identity, in a digest, as the bytes of a file.
 */

import { compareStrings } from "./text.ts";

/** The text of a value, on one line unless an indent is given. */
export function canonicalJson(value: unknown, indent?: number): string {
  return JSON.stringify(sorted(value), undefined, indent);
}

/** A sorted copy rather than a replacer: `JSON.stringify` asks a replacer for each member, and is many times slower. */
function sorted(value: unknown): unknown {
  if (value === null || typeof value !== "object") {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  // What says itself how it is written (a date, a confidential text) is not taken apart.
  if ("toJSON" in value) {
    return value;
  }
  const entries = Object.entries(value).sort(([a], [b]) => compareStrings(a, b));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
