/** Nodes of the decision graph, and the predicates that they leave to be checked. */

import * as layout from "../../layout";
import { attributeCount, isNode, isOptional, isRecord, isRest, isString, routeCount } from "./references";

export function verifyLeaf(record: usize, size: u32): bool {
  if (size < layout.LEAF_ENTRIES || (size - layout.LEAF_ENTRIES) % layout.LEAF_ENTRY_SIZE) return false;
  for (let offset: u32 = layout.LEAF_ENTRIES; offset < size; offset += layout.LEAF_ENTRY_SIZE) {
    if (load<u32>(record + offset) >= routeCount) return false;
    if (!isOptional(load<u32>(record + offset, 4), layout.KIND_PREDICATES)) return false;
  }
  return true;
}

export function verifySwitch(record: usize, size: u32): bool {
  return (
    size == layout.SWITCH_SIZE &&
    load<u32>(record, layout.SWITCH_ATTRIBUTE) < attributeCount &&
    isRest(load<u32>(record, layout.SWITCH_REST)) &&
    isOptional(load<u32>(record, layout.SWITCH_EXACT), layout.KIND_NODE_TABLE) &&
    isOptional(load<u32>(record, layout.SWITCH_PREFIXES), layout.KIND_TRIE) &&
    isOptional(load<u32>(record, layout.SWITCH_REGEXES), layout.KIND_REGEX_SET) &&
    isNode(load<u32>(record, layout.SWITCH_PRESENT))
  );
}

export function verifyBits(record: usize, size: u32): bool {
  if (size < layout.BITS_CANDIDATES) return false;
  const count = load<u32>(record, layout.BITS_COUNT);
  const attributes = load<u32>(record, layout.BITS_ATTRIBUTES);
  if (!count || count > size >> 3 || !attributes || attributes > size >> 4) return false;
  const partSize = layout.BITS_ROWS + (((count + 31) >> 5) << 3);
  const partsAt = layout.BITS_CANDIDATES + count * layout.LEAF_ENTRY_SIZE;
  if (<u64>partsAt + <u64>attributes * partSize != size) return false;
  for (let offset = layout.BITS_CANDIDATES; offset < partsAt; offset += layout.LEAF_ENTRY_SIZE) {
    if (load<u32>(record + offset) >= routeCount) return false;
    if (!isOptional(load<u32>(record + offset, 4), layout.KIND_PREDICATES)) return false;
  }
  const padding: u32 = count & 31 ? ~(((<u32>1) << (count & 31)) - 1) : 0;
  for (let offset = partsAt; offset < size; offset += partSize) {
    const part = record + offset;
    if (load<u32>(part, layout.BITS_ATTRIBUTE) >= attributeCount) return false;
    if (!isOptional(load<u32>(part, layout.BITS_EXACT), layout.KIND_LIST_TABLE)) return false;
    if (!isOptional(load<u32>(part, layout.BITS_PREFIXES), layout.KIND_LIST_TRIE)) return false;
    if (!isOptional(load<u32>(part, layout.BITS_REGEXES), layout.KIND_LIST_REGEX_SET)) return false;
    // No bit may stand for a candidate that is not there.
    const half = (partSize - layout.BITS_ROWS) >> 1;
    if (
      (load<u32>(part + half, layout.BITS_ROWS - 4) | load<u32>(part + half + half, layout.BITS_ROWS - 4)) &
      padding
    ) {
      return false;
    }
  }
  return true;
}

export function verifyEach(record: usize, size: u32): bool {
  if (size < layout.EACH_NODES) return false;
  for (let offset = layout.EACH_NODES; offset < size; offset += 4) {
    if (!isNode(load<u32>(record + offset))) return false;
  }
  return true;
}

export function verifyFan(record: usize, size: u32): bool {
  if (size < layout.FAN_ENTRIES || (size - layout.FAN_ENTRIES) % layout.FAN_ENTRY_SIZE) return false;
  if (!isRest(load<u32>(record, layout.FAN_REST))) return false;
  for (let offset = layout.FAN_ENTRIES; offset < size; offset += layout.FAN_ENTRY_SIZE) {
    if (load<u32>(record + offset) >= attributeCount || !isNode(load<u32>(record + offset, 4))) return false;
  }
  return true;
}

export function verifyPredicates(record: usize, size: u32): bool {
  if (size < layout.PREDICATES_ENTRIES || (size - layout.PREDICATES_ENTRIES) % layout.PREDICATE_SIZE) {
    return false;
  }
  const end = record + size;
  for (let entry = record + layout.PREDICATES_ENTRIES; entry < end; entry += layout.PREDICATE_SIZE) {
    const word = load<u32>(entry);
    if (word >> layout.PREDICATE_ATTRIBUTE_SHIFT >= attributeCount) return false;
    const type = word & layout.PREDICATE_TYPE_MASK;
    const known: u32 =
      layout.PREDICATE_TYPE_MASK | layout.PREDICATE_INVERT | layout.PREDICATE_MISSING_AS_EMPTY;
    if (type > layout.PREDICATE_PRESENT || word & 0xff & ~known) return false;
    const operand = load<u32>(entry, layout.PREDICATE_OPERAND);
    if (
      type == layout.PREDICATE_REGEX
        ? !isRecord(operand, layout.KIND_REGEX)
        : !isString(operand, load<u32>(entry, layout.PREDICATE_LENGTH))
    ) {
      return false;
    }
  }
  return true;
}
