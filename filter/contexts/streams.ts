/**
 * Which root context a stream belongs to, and what it waits for. A hash table with open addressing on the ids
 * that the host counts up; it grows to the largest number of concurrent streams and never shrinks.
 *
 *     entry   id (0: free) | root | position in the queue of delays + 1 (0: does not wait) | unused
 */

import { heapAlloc, heapFree } from "../host/memory";

const ENTRY_SIZE: usize = 16;
const FIRST_CAPACITY: u32 = 256;

let entries: usize = 0;
let mask: u32 = 0;
let used: u32 = 0;

function home(id: u32): u32 {
  // Ids are consecutive: their low bits spread as well as any hash.
  return id & mask;
}

function entryAt(index: u32): usize {
  return entries + <usize>index * ENTRY_SIZE;
}

/** Adds a stream of a root. False when there is no memory for it. */
export function addStream(id: u32, root: usize): bool {
  if (used << 1 >= mask && !grow()) return false;
  let index = home(id);
  while (load<u32>(entryAt(index))) index = (index + 1) & mask;
  const entry = entryAt(index);
  store<u32>(entry, id);
  store<u32>(entry, <u32>root, 4);
  store<u32>(entry, 0, 8);
  used++;
  return true;
}

/** The entry of a stream, or 0. Valid until the next stream is added or removed. */
export function findStream(id: u32): usize {
  if (!entries) return 0;
  let index = home(id);
  let entry = entryAt(index);
  while (load<u32>(entry) != id) {
    if (!load<u32>(entry)) return 0;
    index = (index + 1) & mask;
    entry = entryAt(index);
  }
  return entry;
}

export function streamRoot(entry: usize): usize {
  return <usize>load<u32>(entry, 4);
}

export function streamQueuePosition(entry: usize): u32 {
  return load<u32>(entry, 8);
}

export function setStreamQueuePosition(entry: usize, position: u32): void {
  store<u32>(entry, position, 8);
}

/** Removes an entry and moves those behind it up, so that no search ends early. */
export function removeStream(entry: usize): void {
  used--;
  let hole = <u32>((entry - entries) / ENTRY_SIZE);
  let index = hole;
  for (;;) {
    index = (index + 1) & mask;
    const id = load<u32>(entryAt(index));
    if (!id) break;
    // It may move when its home is not inside (hole, index].
    if (((index - home(id)) & mask) >= ((index - hole) & mask)) {
      memory.copy(entryAt(hole), entryAt(index), ENTRY_SIZE);
      hole = index;
    }
  }
  store<u32>(entryAt(hole), 0);
}

function grow(): bool {
  const oldEntries = entries;
  const oldCapacity = oldEntries ? mask + 1 : 0;
  const capacity = oldCapacity ? oldCapacity << 1 : FIRST_CAPACITY;
  const grown = heapAlloc(<usize>capacity * ENTRY_SIZE);
  if (!grown) return false;
  memory.fill(grown, 0, <usize>capacity * ENTRY_SIZE);
  entries = grown;
  mask = capacity - 1;
  for (let i: u32 = 0; i < oldCapacity; i++) {
    const old = oldEntries + <usize>i * ENTRY_SIZE;
    const id = load<u32>(old);
    if (!id) continue;
    let index = home(id);
    while (load<u32>(entryAt(index))) index = (index + 1) & mask;
    memory.copy(entryAt(index), old, ENTRY_SIZE);
  }
  heapFree(oldEntries);
  return true;
}
