/**
 * The statistics that this VM has defined, by the hashes of their names: to define one again would make the host remember it
 * again. It outlives programs, so that rules that are read again go on counting where they were.
 *
 * A hash table with open addressing, which grows and never shrinks: names are those of rules that have counted.
 *
 *     entry   hash of the name (u64; 0: free) | value | unused
 */

import { heapAlloc, heapFree } from "../host/memory";

const ENTRY_SIZE: usize = 16;
const FIRST_CAPACITY: u32 = 64;
/** No value is this. */
export const UNKNOWN: u32 = 0xffffffff;

let entries: usize = 0;
let mask: u32 = 0;
let used: u32 = 0;

/** What was noted for a name, or `UNKNOWN`. */
export function knownMetric(hash: u64): u32 {
  if (!entries) return UNKNOWN;
  const entry = find(hash);
  return load<u64>(entry) ? load<u32>(entry, 8) : UNKNOWN;
}

/** Notes something for a name that is not known. False when there is no memory for it. */
export function noteMetric(hash: u64, value: u32): bool {
  if (used << 1 >= mask && !grow()) return false;
  const entry = find(hash);
  store<u64>(entry, hash);
  store<u32>(entry, value, 8);
  used++;
  return true;
}

/** The entry of a hash, or the free one where it would be. */
function find(hash: u64): usize {
  let index = <u32>hash & mask;
  let entry = entries + <usize>index * ENTRY_SIZE;
  while (load<u64>(entry) && load<u64>(entry) != hash) {
    index = (index + 1) & mask;
    entry = entries + <usize>index * ENTRY_SIZE;
  }
  return entry;
}

function grow(): bool {
  const old = entries;
  const oldSize = old ? (<usize>mask + 1) * ENTRY_SIZE : 0;
  const capacity = old ? (mask + 1) << 1 : FIRST_CAPACITY;
  const grown = heapAlloc(<usize>capacity * ENTRY_SIZE);
  if (!grown) return false;
  memory.fill(grown, 0, <usize>capacity * ENTRY_SIZE);
  entries = grown;
  mask = capacity - 1;
  for (let entry = old; entry < old + oldSize; entry += ENTRY_SIZE) {
    if (load<u64>(entry)) memory.copy(find(load<u64>(entry)), entry, ENTRY_SIZE);
  }
  heapFree(old);
  return true;
}
