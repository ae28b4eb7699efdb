/**
 * Puts the entries of a program's tables into their buckets. Runs once, when a program is taken, and relies on the
 * verifier: every table and every string is within its bounds.
 */

import { heapAlloc, heapFree } from "../host/memory";
import * as layout from "../layout";
import { hashBytes, hashFinish, hashStep } from "../program/hash";

/** Room for the entries of the largest table so far. */
let room: usize = 0;
let roomSize: u32 = 0;

/** Makes every table of a verified program one that can be looked up in. False when there is no memory for it. */
export function fileTables(blob: usize): bool {
  const strings = blob + load<u32>(blob, layout.HEADER_STRINGS);
  const end = blob + load<u32>(blob, layout.HEADER_ROUTES);
  const suffixes = blob + load<u32>(blob, layout.HEADER_SUFFIXES);
  let isDone = true;
  let record = blob + layout.HEADER_SIZE;
  for (; isDone && record < end; record += (load<u32>(record) >> layout.RECORD_SIZE_SHIFT) << 2) {
    const kind = load<u32>(record) & layout.RECORD_KIND_MASK;
    if (
      kind == layout.KIND_NODE_TABLE ||
      kind == layout.KIND_LIST_TABLE ||
      kind == layout.KIND_ATTRIBUTE_TABLE
    ) {
      isDone = fileTable(record, strings, record == suffixes);
    }
  }
  heapFree(room);
  room = 0;
  roomSize = 0;
  return isDone;
}

function fileTable(table: usize, strings: usize, isBackwards: bool): bool {
  const size = load<u32>(table, layout.TABLE_COUNT) * layout.TABLE_ENTRY_SIZE;
  if (!makeRoom(size)) return false;
  const mask = load<u32>(table, layout.TABLE_MASK);
  const starts = table + layout.TABLE_STARTS;
  const entries = starts + ((<usize>(mask + 2)) << 2);
  const end = room + size;
  memory.copy(room, entries, size);
  for (let entry = room; entry < end; entry += layout.TABLE_ENTRY_SIZE) {
    const text = strings + load<u32>(entry, layout.ENTRY_STRING);
    const length = load<i32>(entry, layout.ENTRY_LENGTH);
    const hash = isBackwards ? hashBackwards(text, length) : hashBytes(text, length);
    store<u32>(entry, hash, layout.ENTRY_HASH);
    // Counted two further on: the start of each bucket is then one further on, and moves to its end as it fills.
    const bucket = hash & mask;
    if (bucket < mask) {
      const counted = starts + ((<usize>bucket) << 2);
      store<u32>(counted, load<u32>(counted, 8) + 1, 8);
    }
  }
  for (let at = starts + 8; at < entries; at += 4) store<u32>(at, load<u32>(at) + load<u32>(at - 4));
  for (let entry = room; entry < end; entry += layout.TABLE_ENTRY_SIZE) {
    const next = starts + ((<usize>(load<u32>(entry, layout.ENTRY_HASH) & mask)) << 2);
    const index = load<u32>(next, 4);
    store<u32>(next, index + 1, 4);
    memory.copy(entries + <usize>index * layout.TABLE_ENTRY_SIZE, entry, layout.TABLE_ENTRY_SIZE);
  }
  return true;
}

function makeRoom(size: u32): bool {
  if (size <= roomSize) return true;
  heapFree(room);
  room = heapAlloc(size);
  roomSize = room ? size : 0;
  return room != 0;
}

/** The hash of a suffix: what is in hand as a host name is walked from its end. */
function hashBackwards(text: usize, length: i32): u32 {
  let hash: u32 = layout.HASH_SEED;
  while (length--) hash = hashStep(hash, load<u8>(text + length));
  return hashFinish(hash);
}
