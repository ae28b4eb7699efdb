/**
 * What is known of the blob that is being verified, and whether what its records refer to is good.
 *
 * Every record that was verified has a mark where it begins: a reference may point nowhere else. The mark tells how
 * deep the nodes below it nest, because matching recurses and the stack has an end.
 */

import { heapAlloc, heapFree } from "../../host/memory";
import * as layout from "../../layout";

/** Address of the blob. */
export let blob: usize = 0;
/** Offset of the first byte behind the records. */
export let recordsEnd: u32 = 0;
export let routeCount: u32 = 0;
export let attributeCount: u32 = 0;
/** Whether clusters are labels, too. */
export let isCounted: bool = false;
let stringsAt: usize = 0;
let stringsSize: u32 = 0;

/** One byte for each word of the records: 0 no record begins here, else 1 + the depth of what is below. */
let marks: usize = 0;
/** How deep the nodes nest below the record that is looked at, as far as it has been read. */
let depth: u32 = 0;

/** Begins with a blob whose header is good. False when there is no memory for its marks. */
export function beginMarks(start: usize): bool {
  const routes = load<u32>(start, layout.HEADER_ROUTES);
  blob = start;
  recordsEnd = routes;
  routeCount = load<u32>(start, layout.HEADER_ROUTE_COUNT);
  attributeCount = load<u32>(start + load<u32>(start, layout.HEADER_ATTRIBUTES), layout.ATTRIBUTES_COUNT);
  isCounted = (load<u32>(start, layout.HEADER_FLAGS) & layout.FLAG_COUNTERS) != 0;
  stringsAt = start + load<u32>(start, layout.HEADER_STRINGS);
  stringsSize = load<u32>(start, layout.HEADER_LENGTH) - load<u32>(start, layout.HEADER_STRINGS);
  const size = ((routes - layout.HEADER_SIZE) >> 2) + 1;
  marks = heapAlloc(size);
  if (!marks) return false;
  memory.fill(marks, 0, size);
  return true;
}

export function endMarks(): void {
  heapFree(marks);
}

export function beginRecord(): void {
  depth = 0;
}

/** Marks the record that was looked at. False when its nodes nest too deep to be marked. */
export function markRecord(offset: u32, maxDepth: u32): bool {
  if (depth > maxDepth) return false;
  store<u8>(markOf(offset), <u8>(1 + depth));
  return true;
}

function markOf(offset: u32): usize {
  return marks + ((offset - layout.HEADER_SIZE) >> 2);
}

/** Whether a verified record begins at an offset, whatever its kind. */
function isStart(offset: u32): bool {
  return (
    offset >= layout.HEADER_SIZE && offset < recordsEnd && !(offset & 3) && load<u8>(markOf(offset)) != 0
  );
}

export function isRecord(offset: u32, kind: u32): bool {
  return isStart(offset) && (load<u32>(blob + offset) & layout.RECORD_KIND_MASK) == kind;
}

/** A record or none; what is below it counts for the depth of the one that refers to it. */
export function isOptional(offset: u32, kind: u32): bool {
  if (!offset) return true;
  if (!isRecord(offset, kind)) return false;
  deepen(offset);
  return true;
}

export function isNode(reference: u32): bool {
  if (reference == layout.NODE_NONE) return true;
  if ((reference & layout.NODE_TAG_MASK) == layout.NODE_DIRECT) {
    return reference >> layout.NODE_SHIFT < routeCount;
  }
  if (!isStart(reference)) return false;
  const kind = load<u32>(blob + reference) & layout.RECORD_KIND_MASK;
  if (
    kind != layout.KIND_LEAF &&
    kind != layout.KIND_SWITCH &&
    kind != layout.KIND_BITS &&
    kind != layout.KIND_FAN &&
    kind != layout.KIND_EACH
  ) {
    return false;
  }
  deepen(reference);
  return true;
}

/** A node that matching goes on to without a deeper call. */
export function isRest(reference: u32): bool {
  const before = depth;
  if (!isNode(reference)) return false;
  depth = max(before, depth ? depth - 1 : 0);
  return true;
}

/** Counts what is below a record for the depth of the one that refers to it. */
export function deepen(offset: u32): void {
  depth = max(depth, <u32>load<u8>(markOf(offset)));
}

/** The same for a record of the same kind that matching goes on to without a deeper call. */
export function deepenAlong(offset: u32): void {
  depth = max(depth, <u32>load<u8>(markOf(offset)) - 1);
}

export function isString(offset: u32, length: u32): bool {
  return offset <= stringsSize && length <= stringsSize - offset;
}

/** A string that the name of a statistic can hold, and a line of Prometheus' text: of the letters that labels are encoded in. */
export function isLabel(offset: u32, length: u32): bool {
  if (length > layout.LABEL_LENGTH_MAX || !isString(offset, length)) return false;
  const end = stringsAt + offset + length;
  for (let at = stringsAt + offset; at < end; at++) {
    const byte = <u32>load<u8>(at);
    const letters = byte < 64 ? LABEL_LETTERS_LOW : byte < 128 ? LABEL_LETTERS_HIGH : 0;
    if (!((letters >> (byte & 63)) & 1)) return false;
  }
  return true;
}

/** `# % - . / 0-9 :` */
const LABEL_LETTERS_LOW: u64 = 0x07ffe02800000000;
/** `A-Z _ a-z |` */
const LABEL_LETTERS_HIGH: u64 = 0x17fffffe87fffffe;
