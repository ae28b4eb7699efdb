/**
 * Turns the differences of an unpacked program back into words (see `layout.ts`). Runs before the program is verified,
 * so the little that it relies on is checked here; whether the words are good is for the verifier to say.
 */

import * as layout from "../layout";

/** For each kind, where its last record began; 0: none yet. */
const last = memory.data(1024, 4);

/** Whether a program of `length` bytes has records that can be told apart, each of which is then whole. */
export function undoDifferences(blob: usize, length: u32): bool {
  const recordsEnd = load<u32>(blob, layout.HEADER_ROUTES);
  const strings = load<u32>(blob, layout.HEADER_STRINGS);
  if (
    recordsEnd < layout.HEADER_SIZE ||
    strings < recordsEnd ||
    strings > length ||
    (recordsEnd | strings) & 3
  ) {
    return false;
  }
  memory.fill(last, 0, 1024);
  for (let at: u32 = layout.HEADER_SIZE; at < recordsEnd; ) {
    const words = load<u32>(blob + at) >> layout.RECORD_SIZE_SHIFT;
    if (!words || words > (recordsEnd - at) >> 2 || !undoRecord(blob, at, words)) return false;
    at += words << 2;
  }
  const end = blob + strings;
  for (let route = blob + recordsEnd + 4; route < end; route += 4) {
    store<u32>(route, load<u32>(route) + load<u32>(route - 4));
  }
  return true;
}

function undoRecord(blob: usize, at: u32, words: u32): bool {
  const record = blob + at;
  const kind = load<u32>(record) & layout.RECORD_KIND_MASK;
  switch (kind) {
    case layout.KIND_REGEX:
      return true;
    case layout.KIND_NODE_TABLE:
    case layout.KIND_LIST_TABLE:
    case layout.KIND_ATTRIBUTE_TABLE:
      return undoTable(record, words);
    default: {
      const known = last + ((<usize>kind) << 2);
      const before = load<u32>(known);
      store<u32>(known, at);
      if (before) undoWords(record, blob + before, words);
      return true;
    }
  }
}

function undoWords(record: usize, before: usize, words: u32): void {
  const end = record + ((<usize>min(words, load<u32>(before) >> layout.RECORD_SIZE_SHIFT)) << 2);
  for (record += 4, before += 4; record < end; record += 4, before += 4) {
    store<u32>(record, load<u32>(record) + load<u32>(before));
  }
}

function undoTable(record: usize, words: u32): bool {
  if (words < layout.TABLE_STARTS >> 2) return false;
  const count = load<u32>(record, layout.TABLE_COUNT);
  const mask = load<u32>(record, layout.TABLE_MASK);
  // Neither can wrap: a record has less than 2 ** 24 words.
  if (count > words || mask > words) return false;
  const entries = (layout.TABLE_STARTS >> 2) + mask + 2;
  if (words != entries + count * (layout.TABLE_ENTRY_SIZE >> 2)) return false;
  const end = record + ((<usize>words) << 2);
  let entry = record + ((<usize>entries) << 2) + layout.TABLE_ENTRY_SIZE;
  for (; entry < end; entry += 4) {
    store<u32>(entry, load<u32>(entry) + load<u32>(entry - layout.TABLE_ENTRY_SIZE));
  }
  return true;
}
