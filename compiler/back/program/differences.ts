/**
 * Differences in the place of words that grow evenly from record to record, and back (see `filter/layout.ts`): rules
 * that are alike become bytes that repeat.
 */

import * as layout from "../../../filter/layout.ts";

const WORD = 4;

/** A copy of a program with differences in the place of words. */
export function toDifferences(program: Uint8Array): Uint8Array {
  const copy = program.slice();
  const words = new DataView(program.buffer, program.byteOffset, program.length);
  const differences = new DataView(copy.buffer);
  eachRange(words, (from, to, distance) => {
    for (let at = from; at < to; at += WORD) {
      const difference = words.getUint32(at, true) - words.getUint32(at - distance, true);
      differences.setUint32(at, difference, true);
    }
  });
  return copy;
}

/** Undoes `toDifferences` in place. False when records cannot be told apart: those of no program. */
export function fromDifferences(program: Uint8Array): boolean {
  const words = new DataView(program.buffer, program.byteOffset, program.length);
  return eachRange(words, (from, to, distance) => {
    for (let at = from; at < to; at += WORD) {
      words.setUint32(at, words.getUint32(at, true) + words.getUint32(at - distance, true), true);
    }
  });
}

/** Where words are less by the word at a distance before them; in order, so that these can be undone on the way. */
function eachRange(words: DataView, visit: (from: number, to: number, distance: number) => void): boolean {
  const recordsEnd = words.getUint32(layout.HEADER_ROUTES, true);
  const strings = words.getUint32(layout.HEADER_STRINGS, true);
  if (
    recordsEnd < layout.HEADER_SIZE ||
    strings < recordsEnd ||
    strings > words.byteLength ||
    (recordsEnd | strings) % WORD !== 0
  ) {
    return false;
  }
  const last = new Uint32Array(layout.RECORD_KIND_MASK + 1);
  for (let at: number = layout.HEADER_SIZE; at < recordsEnd; ) {
    const head = words.getUint32(at, true);
    const kind = head & layout.RECORD_KIND_MASK;
    const size = (head >>> layout.RECORD_SIZE_SHIFT) * WORD;
    const end = at + size;
    if (size === 0 || end > recordsEnd) {
      return false;
    }
    switch (kind) {
      case layout.KIND_REGEX:
        break;
      case layout.KIND_NODE_TABLE:
      case layout.KIND_LIST_TABLE:
      case layout.KIND_ATTRIBUTE_TABLE: {
        if (size < layout.TABLE_STARTS) {
          return false;
        }
        const count = words.getUint32(at + layout.TABLE_COUNT, true);
        const starts = words.getUint32(at + layout.TABLE_MASK, true) + 2;
        const entries = at + layout.TABLE_STARTS + starts * WORD;
        if (end !== entries + count * layout.TABLE_ENTRY_SIZE) {
          return false;
        }
        visit(entries + layout.TABLE_ENTRY_SIZE, end, layout.TABLE_ENTRY_SIZE);
        break;
      }
      default: {
        const before = last[kind]!;
        last[kind] = at;
        if (before !== 0) {
          const common = Math.min(size, (words.getUint32(before, true) >>> layout.RECORD_SIZE_SHIFT) * WORD);
          visit(at + WORD, at + common, at - before);
        }
      }
    }
    at = end;
  }
  visit(recordsEnd + WORD, strings, WORD);
  return true;
}
