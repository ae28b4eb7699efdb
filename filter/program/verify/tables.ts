/** What values are looked up in: hash tables, radix trees, tables of expressions. */

import * as layout from "../../layout";
import { isLiterals } from "../../regex/match";
import { verifyRegexTable } from "../../regex/verify";
import {
  attributeCount,
  blob,
  deepen,
  deepenAlong,
  isNode,
  isOptional,
  isRecord,
  isString,
  recordsEnd,
} from "./references";
import { refuse } from "./refusal";

export function verifyAttributes(record: usize, size: u32): bool {
  return (
    record - blob == load<u32>(blob, layout.HEADER_ATTRIBUTES) &&
    size == layout.ATTRIBUTES_SIZE &&
    isOptional(load<u32>(record, layout.ATTRIBUTES_HEADERS), layout.KIND_ATTRIBUTE_TABLE) &&
    isOptional(load<u32>(record, layout.ATTRIBUTES_QUERY), layout.KIND_ATTRIBUTE_TABLE) &&
    isOptional(load<u32>(record, layout.ATTRIBUTES_CLAIMS), layout.KIND_ATTRIBUTE_TABLE) &&
    load<u32>(record, layout.ATTRIBUTES_FIRST_QUERY) <= load<u32>(record, layout.ATTRIBUTES_FIRST_CLAIM) &&
    load<u32>(record, layout.ATTRIBUTES_FIRST_CLAIM) <= attributeCount
  );
}

export function verifyTable(kind: u32, record: usize, size: u32): bool {
  if (size < layout.TABLE_STARTS + 8) return false;
  const count = load<u32>(record, layout.TABLE_COUNT);
  const mask = load<u32>(record, layout.TABLE_MASK);
  if (mask & (mask + 1) || mask > size >> 2 || count > size >> 4) return false;
  const startsSize = (mask + 2) << 2;
  if (size != layout.TABLE_STARTS + startsSize + count * layout.TABLE_ENTRY_SIZE) return false;
  for (let offset: u32 = 0; offset < startsSize; offset += 4) {
    if (load<u32>(record + offset, layout.TABLE_STARTS)) return false;
  }
  const end = record + size;
  for (let entry = record + layout.TABLE_STARTS + startsSize; entry < end; entry += layout.TABLE_ENTRY_SIZE) {
    if (load<u32>(entry, layout.ENTRY_HASH)) return false;
    if (!isString(load<u32>(entry, layout.ENTRY_STRING), load<u32>(entry, layout.ENTRY_LENGTH))) return false;
    const value = load<u32>(entry, layout.ENTRY_VALUE);
    if (!isTableValue(kind, value)) return false;
  }
  return true;
}

function isTableValue(kind: u32, value: u32): bool {
  if (kind == layout.KIND_NODE_TABLE) return isNode(value);
  if (kind == layout.KIND_LIST_TABLE) return isRecord(value, layout.KIND_LIST);
  return value >= layout.ATTRIBUTE_FIRST_NAMED && value < attributeCount;
}

export function verifyRegex(record: usize, size: u32): bool {
  if (size < layout.REGEX_TABLE) return false;
  const length = load<u32>(record, layout.REGEX_LENGTH);
  return length <= size - layout.REGEX_TABLE && verifyRegexTable(record + layout.REGEX_TABLE, length);
}

export function verifyRegexSet(kind: u32, record: usize, size: u32): bool {
  if (size < layout.REGEX_SET_WORDS) return false;
  if (!isRecord(load<u32>(record, layout.REGEX_SET_TABLE), layout.KIND_REGEX)) return false;
  const next = load<u32>(record, layout.REGEX_SET_NEXT);
  if (next && !isRecord(next, kind)) return false;
  if (next) deepenAlong(next);
  const hasGates = isLiterals(blob + load<u32>(record, layout.REGEX_SET_TABLE) + layout.REGEX_TABLE);
  for (let offset = layout.REGEX_SET_WORDS; offset < size; offset += 4) {
    const word = load<u32>(record + offset);
    if (hasGates && isRecord(word, kind)) {
      deepen(word);
      continue;
    }
    if (kind == layout.KIND_REGEX_SET ? !isNode(word) : word && !isRecord(word, layout.KIND_LIST)) {
      return false;
    }
  }
  return true;
}

export function verifyTrie(kind: u32, record: usize, size: u32): bool {
  if (size < layout.TRIE_KEYS) return false;
  if (!isString(load<u32>(record, layout.TRIE_LABEL), load<u32>(record, layout.TRIE_LABEL_LENGTH))) {
    return false;
  }
  const value = load<u32>(record, layout.TRIE_NODE);
  if (kind == layout.KIND_TRIE ? !isNode(value) : value && !isRecord(value, layout.KIND_LIST)) return false;
  const count = load<u32>(record, layout.TRIE_CHILD_COUNT);
  if (count > 256) return false;
  let keys: u32 = layout.TRIE_BITMAP_SIZE;
  if (count <= layout.TRIE_LIST_MAX) {
    keys = (count + 3) & ~3;
  } else {
    if (size < layout.TRIE_KEYS + layout.TRIE_BITMAP_SIZE) return false;
    let bits = 0;
    for (let i: u32 = 0; i < layout.TRIE_BITMAP_SIZE; i += 4) {
      bits += popcnt<u32>(load<u32>(record + i, layout.TRIE_KEYS));
    }
    if (bits != count) return false;
  }
  if (size != layout.TRIE_KEYS + keys + (count << 2)) return false;
  for (let i: u32 = 0; i < count; i++) {
    const child = load<u32>(record + layout.TRIE_KEYS + keys + (i << 2));
    if (!isRecord(child, kind)) return false;
    // A child without a label would let the walk stand still.
    if (!load<u32>(blob + child, layout.TRIE_LABEL_LENGTH)) return false;
    // Depth that a walk down the tree adds is no recursion: only what its routing nodes hold counts.
    deepenAlong(child);
  }
  return true;
}

/** Parents stand further on than their children, so they are looked at when every record is known. */
export function verifyTrieParents(): bool {
  let at: u32 = layout.HEADER_SIZE;
  for (; at < recordsEnd; at += (load<u32>(blob + at) >> layout.RECORD_SIZE_SHIFT) << 2) {
    const kind = load<u32>(blob + at) & layout.RECORD_KIND_MASK;
    if (kind != layout.KIND_TRIE && kind != layout.KIND_LIST_TRIE) continue;
    const parent = load<u32>(blob + at, layout.TRIE_PARENT);
    if (!parent) continue;
    // Only where a prefix ends is something to find.
    if (parent <= at || !isRecord(parent, kind) || !load<u32>(blob + parent, layout.TRIE_NODE)) {
      return refuse("a prefix has a bad parent", at);
    }
  }
  return true;
}
