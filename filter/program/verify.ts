/**
 * Decides whether a blob may be used at all. After this every offset, length and reference in it is known to be
 * good, and the matching code checks nothing again; so whatever matching relies on is checked here.
 *
 * Records stand in one row and refer only to records before them. One pass in that order notes for each record
 * that it begins here (a reference may point nowhere else) and how deep the nodes below it nest (matching
 * recurses, and the stack has an end).
 */

import { heapAlloc, heapFree } from "../host/memory";
import {
  ABORT_GRPC,
  ATTRIBUTE_FIRST_NAMED,
  ATTRIBUTES_COUNT,
  ATTRIBUTES_FIRST_QUERY,
  ATTRIBUTES_HEADERS,
  ATTRIBUTES_QUERY,
  ATTRIBUTES_SIZE,
  BITS_ATTRIBUTE,
  BITS_ATTRIBUTES,
  BITS_CANDIDATES,
  BITS_COUNT,
  BITS_EXACT,
  BITS_PREFIXES,
  BITS_REGEXES,
  BITS_ROWS,
  EACH_NODES,
  EDIT_PATH,
  EDIT_PATH_START,
  EDITS_ENTRIES,
  EDITS_ENTRY_SIZE,
  ENTRY_LENGTH,
  ENTRY_STRING,
  ENTRY_VALUE,
  FAN_ENTRIES,
  FAN_ENTRY_SIZE,
  FAN_REST,
  FAULT_ABORT_KIND,
  FAULT_ABORT_LINES,
  FAULT_ABORT_PPM,
  FAULT_ABORT_STATUS,
  FAULT_DELAY_PPM,
  FAULT_SIZE,
  FLAGS_KNOWN,
  FORMAT_VERSION,
  FORWARD_EDITS,
  FORWARD_HEADERS,
  FORWARD_ONE_LENGTH,
  FORWARD_ONE_SIZE,
  FORWARD_ONE_STRING,
  FORWARD_SHARES,
  FORWARD_STICKY,
  FORWARD_TOTAL,
  HEADER_ATTRIBUTES,
  HEADER_CHECKSUM,
  HEADER_DEFAULT_NODE,
  HEADER_DOMAINS,
  HEADER_FLAGS,
  HEADER_LENGTH,
  HEADER_RECORDS,
  HEADER_ROUTE_COUNT,
  HEADER_ROUTES,
  HEADER_SIZE,
  HEADER_STRINGS,
  HEADER_SUFFIXES,
  HEADER_VERSION,
  HEADERS_ENTRIES,
  HEADERS_ENTRY_SIZE,
  KIND_ATTRIBUTE_TABLE,
  KIND_ATTRIBUTES,
  KIND_BITS,
  KIND_EACH,
  KIND_EDITS,
  KIND_FAN,
  KIND_FAULT,
  KIND_FORWARD,
  KIND_FORWARD_ONE,
  KIND_HEADERS,
  KIND_LEAF,
  KIND_LINES,
  KIND_LIST,
  KIND_LIST_REGEX_SET,
  KIND_LIST_TABLE,
  KIND_LIST_TRIE,
  KIND_NODE_TABLE,
  KIND_PREDICATES,
  KIND_REDIRECT,
  KIND_REGEX,
  KIND_REGEX_SET,
  KIND_RESPONSE,
  KIND_STICKY,
  KIND_SWITCH,
  KIND_TRIE,
  LEAF_ENTRIES,
  LEAF_ENTRY_SIZE,
  LINES_LENGTH,
  LINES_TEXT,
  MAGIC,
  NODE_DIRECT,
  NODE_NONE,
  NODE_SHIFT,
  NODE_TAG_MASK,
  OUTCOME_FAULT,
  PREDICATE_ATTRIBUTE_SHIFT,
  PREDICATE_INVERT,
  PREDICATE_LENGTH,
  PREDICATE_MISSING_AS_EMPTY,
  PREDICATE_OPERAND,
  PREDICATE_PRESENT,
  PREDICATE_REGEX,
  PREDICATE_SIZE,
  PREDICATE_TYPE_MASK,
  PREDICATES_ENTRIES,
  RECORD_KIND_MASK,
  RECORD_SIZE_SHIFT,
  REDIRECT_HOST,
  REDIRECT_HOST_LENGTH,
  REDIRECT_KEEPS_PORT,
  REDIRECT_LINES,
  REDIRECT_MATCHED,
  REDIRECT_PATH,
  REDIRECT_PATH_KIND,
  REDIRECT_PATH_LENGTH,
  REDIRECT_PORT,
  REDIRECT_PORT_LENGTH,
  REDIRECT_SCHEME,
  REDIRECT_SCHEME_LENGTH,
  REDIRECT_SIZE,
  REDIRECT_STATUS,
  REDIRECT_TO_PATH,
  REGEX_LENGTH,
  REGEX_SET_NEXT,
  REGEX_SET_TABLE,
  REGEX_SET_WORDS,
  REGEX_TABLE,
  RESPONSE_BODY,
  RESPONSE_BODY_LENGTH,
  RESPONSE_LINES,
  RESPONSE_SIZE,
  RESPONSE_STATUS,
  SHARE_CUMULATIVE,
  SHARE_EDITS,
  SHARE_HEADERS,
  SHARE_LENGTH,
  SHARE_LINES,
  SHARE_SIZE,
  SHARE_STRING,
  STICKY_ATTRIBUTE,
  STICKY_BY_ADDRESS,
  STICKY_KEYS,
  STICKY_NAME,
  STICKY_NAME_LENGTH,
  STICKY_SOURCE,
  SWITCH_ATTRIBUTE,
  SWITCH_EXACT,
  SWITCH_PREFIXES,
  SWITCH_PRESENT,
  SWITCH_REGEXES,
  SWITCH_REST,
  SWITCH_SIZE,
  TABLE_COUNT,
  TABLE_ENTRY_SIZE,
  TABLE_MASK,
  TABLE_STARTS,
  TRIE_BITMAP_SIZE,
  TRIE_CHILD_COUNT,
  TRIE_KEYS,
  TRIE_LABEL,
  TRIE_LABEL_LENGTH,
  TRIE_LIST_MAX,
  TRIE_NODE,
  TRIE_PARENT,
} from "../layout";
import { isLiterals, verifyRegexTable } from "../regex/match";
import { checksum } from "./hash";

/** Nodes may nest so deep. */
const MAX_DEPTH: u32 = 200;

let blob: usize = 0;
/** Offset of the first byte behind the records. */
let recordsEnd: u32 = 0;
let stringsSize: u32 = 0;
let routeCount: u32 = 0;
let attributeCount: u32 = 0;
/** One byte for each word of the records: 0 no record begins here, else 1 + the depth of what is below. */
let marks: usize = 0;
/** Offset of the record that is looked at. */
let at: u32 = 0;
let depth: u32 = 0;

/** Why the last blob was refused, and at which offset. */
export let refusal: string = "";
export let refusalOffset: u32 = 0;

/** Whether a blob of `size` bytes at `start` (4-byte aligned) is whole, and made for this filter. */
export function verifyProgram(start: usize, size: u32): bool {
  blob = start;
  at = 0;
  if (size < HEADER_SIZE) return refuse("it is too short to be a routing program");
  if (load<u32>(blob) != MAGIC) return refuse("it is not a routing program");
  at = HEADER_VERSION;
  if (load<u32>(blob, HEADER_VERSION) > FORMAT_VERSION) {
    return refuse("it is of a newer format version than this filter knows");
  }
  if (load<u32>(blob, HEADER_VERSION) != FORMAT_VERSION) return refuse("it is of an unknown format version");
  at = HEADER_LENGTH;
  const length = load<u32>(blob, HEADER_LENGTH);
  if (length > size) return refuse("it is cut short");
  if (length < size) return refuse("it goes on behind its end");
  if (length & 3) return refuse("its length is odd");
  at = HEADER_CHECKSUM;
  if (
    checksum(blob + HEADER_CHECKSUM + 4, length - HEADER_CHECKSUM - 4) != load<u32>(blob, HEADER_CHECKSUM)
  ) {
    return refuse("its checksum is wrong");
  }
  at = HEADER_FLAGS;
  if (load<u32>(blob, HEADER_FLAGS) & ~FLAGS_KNOWN) return refuse("it has unknown flags");

  at = HEADER_ROUTES;
  const routes = load<u32>(blob, HEADER_ROUTES);
  const strings = load<u32>(blob, HEADER_STRINGS);
  routeCount = load<u32>(blob, HEADER_ROUTE_COUNT);
  recordsEnd = routes;
  if (
    load<u32>(blob, HEADER_RECORDS) != HEADER_SIZE ||
    routes < HEADER_SIZE ||
    strings < routes ||
    strings > length ||
    (routes | strings) & 3 ||
    routeCount != (strings - routes) >> 2
  ) {
    return refuse("its sections overlap or end outside");
  }
  stringsSize = length - strings;

  const words = (routes - HEADER_SIZE) >> 2;
  marks = heapAlloc(words + 1);
  if (!marks) return refuse("there is no memory to check it");
  memory.fill(marks, 0, words + 1);
  const good = verifyRecords() && verifyRoots();
  heapFree(marks);
  return good;
}

function refuse(reason: string): bool {
  refusal = reason;
  refusalOffset = at;
  return false;
}

function verifyRecords(): bool {
  // The number of attributes is needed before their record is reached.
  const attributes = load<u32>(blob, HEADER_ATTRIBUTES);
  at = HEADER_ATTRIBUTES;
  if (
    attributes & 3 ||
    attributes < HEADER_SIZE ||
    attributes > recordsEnd ||
    recordsEnd - attributes < ATTRIBUTES_SIZE
  ) {
    return refuse("its attributes are outside");
  }
  attributeCount = load<u32>(blob + attributes, ATTRIBUTES_COUNT);
  if (attributeCount < ATTRIBUTE_FIRST_NAMED || attributeCount > 0x00ffffff)
    return refuse("it has a bad number of attributes");

  at = HEADER_SIZE;
  while (at < recordsEnd) {
    const head = load<u32>(blob + at);
    const size = head >> RECORD_SIZE_SHIFT;
    if (!size || size > (recordsEnd - at) >> 2) return refuse("a record ends outside");
    depth = 0;
    if (!verifyRecord(head & RECORD_KIND_MASK, blob + at, size << 2)) {
      return refuse("a record is damaged");
    }
    if (depth > MAX_DEPTH) return refuse("its nodes nest too deep");
    store<u8>(marks + ((at - HEADER_SIZE) >> 2), <u8>(1 + depth));
    at += size << 2;
  }
  return verifyTrieParents();
}

function verifyRoots(): bool {
  at = HEADER_ATTRIBUTES;
  if (!isRecord(load<u32>(blob, HEADER_ATTRIBUTES), KIND_ATTRIBUTES)) return refuse("it has no attributes");
  at = HEADER_DOMAINS;
  const domains = load<u32>(blob, HEADER_DOMAINS);
  if (domains && !isRecord(domains, KIND_NODE_TABLE)) return refuse("it has a bad table of domains");
  at = HEADER_SUFFIXES;
  const suffixes = load<u32>(blob, HEADER_SUFFIXES);
  if (suffixes && !isRecord(suffixes, KIND_NODE_TABLE)) return refuse("it has a bad table of suffixes");
  at = HEADER_DEFAULT_NODE;
  if (!isNode(load<u32>(blob, HEADER_DEFAULT_NODE))) return refuse("it has a bad node for all hosts");
  at = recordsEnd;
  for (let i: u32 = 0; i < routeCount; i++, at += 4) {
    const outcome = load<u32>(blob + at);
    if (
      !isRecord(outcome, KIND_FORWARD) &&
      !isRecord(outcome, KIND_FORWARD_ONE) &&
      !isRecord(outcome, KIND_REDIRECT) &&
      !isRecord(outcome, KIND_RESPONSE)
    ) {
      return refuse("a route has no outcome");
    }
  }
  return true;
}

/** Whether a verified record begins at an offset, whatever its kind. */
function isStart(offset: u32): bool {
  return (
    offset >= HEADER_SIZE &&
    offset < recordsEnd &&
    !(offset & 3) &&
    load<u8>(marks + ((offset - HEADER_SIZE) >> 2)) != 0
  );
}

function isRecord(offset: u32, kind: u32): bool {
  return isStart(offset) && (load<u32>(blob + offset) & RECORD_KIND_MASK) == kind;
}

/** A record or none; what is below it counts for the depth of the one that refers to it. */
function isOptional(offset: u32, kind: u32): bool {
  if (!offset) return true;
  if (!isRecord(offset, kind)) return false;
  deepen(offset);
  return true;
}

function isNode(reference: u32): bool {
  if (reference == NODE_NONE) return true;
  if ((reference & NODE_TAG_MASK) == NODE_DIRECT) return reference >> NODE_SHIFT < routeCount;
  if (!isStart(reference)) return false;
  const kind = load<u32>(blob + reference) & RECORD_KIND_MASK;
  if (
    kind != KIND_LEAF &&
    kind != KIND_SWITCH &&
    kind != KIND_BITS &&
    kind != KIND_FAN &&
    kind != KIND_EACH
  ) {
    return false;
  }
  deepen(reference);
  return true;
}

/** A node that matching goes on to without a deeper call. */
function isRest(reference: u32): bool {
  const before = depth;
  if (!isNode(reference)) return false;
  depth = max(before, depth ? depth - 1 : 0);
  return true;
}

function deepen(offset: u32): void {
  depth = max(depth, <u32>load<u8>(marks + ((offset - HEADER_SIZE) >> 2)));
}

function isString(offset: u32, length: u32): bool {
  return offset <= stringsSize && length <= stringsSize - offset;
}

function verifyRecord(kind: u32, record: usize, size: u32): bool {
  switch (kind) {
    case KIND_LEAF:
      return verifyLeaf(record, size);
    case KIND_SWITCH:
      return (
        size == SWITCH_SIZE &&
        load<u32>(record, SWITCH_ATTRIBUTE) < attributeCount &&
        isRest(load<u32>(record, SWITCH_REST)) &&
        isOptional(load<u32>(record, SWITCH_EXACT), KIND_NODE_TABLE) &&
        isOptional(load<u32>(record, SWITCH_PREFIXES), KIND_TRIE) &&
        isOptional(load<u32>(record, SWITCH_REGEXES), KIND_REGEX_SET) &&
        isNode(load<u32>(record, SWITCH_PRESENT))
      );
    case KIND_NODE_TABLE:
    case KIND_LIST_TABLE:
    case KIND_ATTRIBUTE_TABLE:
      return verifyTable(kind, record, size);
    case KIND_ATTRIBUTES:
      return (
        at == load<u32>(blob, HEADER_ATTRIBUTES) &&
        size == ATTRIBUTES_SIZE &&
        isOptional(load<u32>(record, ATTRIBUTES_HEADERS), KIND_ATTRIBUTE_TABLE) &&
        isOptional(load<u32>(record, ATTRIBUTES_QUERY), KIND_ATTRIBUTE_TABLE) &&
        load<u32>(record, ATTRIBUTES_FIRST_QUERY) <= attributeCount
      );
    case KIND_PREDICATES:
      return verifyPredicates(record, size);
    case KIND_REGEX: {
      if (size < REGEX_TABLE) return false;
      const length = load<u32>(record, REGEX_LENGTH);
      return length <= size - REGEX_TABLE && verifyRegexTable(record + REGEX_TABLE, length);
    }
    case KIND_HEADERS:
      return verifyHeaders(record, size);
    case KIND_FORWARD:
      return verifyForward(record, size);
    case KIND_STICKY:
      return (
        size >= STICKY_KEYS &&
        load<u32>(record, STICKY_SOURCE) <= STICKY_BY_ADDRESS &&
        load<u32>(record, STICKY_ATTRIBUTE) < attributeCount &&
        isString(load<u32>(record, STICKY_NAME), load<u32>(record, STICKY_NAME_LENGTH))
      );
    case KIND_FORWARD_ONE:
      return (
        size == FORWARD_ONE_SIZE &&
        isOptional(load<u32>(record, OUTCOME_FAULT), KIND_FAULT) &&
        isOptional(load<u32>(record, FORWARD_HEADERS), KIND_HEADERS) &&
        isOptional(load<u32>(record, FORWARD_EDITS), KIND_EDITS) &&
        isString(load<u32>(record, FORWARD_ONE_STRING), load<u32>(record, FORWARD_ONE_LENGTH))
      );
    case KIND_RESPONSE:
      return (
        size == RESPONSE_SIZE &&
        isOptional(load<u32>(record, OUTCOME_FAULT), KIND_FAULT) &&
        isStatus(load<u32>(record, RESPONSE_STATUS)) &&
        isString(load<u32>(record, RESPONSE_BODY), load<u32>(record, RESPONSE_BODY_LENGTH)) &&
        isOptional(load<u32>(record, RESPONSE_LINES), KIND_LINES)
      );
    case KIND_FAULT:
      return (
        size == FAULT_SIZE &&
        isOptional(load<u32>(record, FAULT_ABORT_LINES), KIND_LINES) &&
        load<u32>(record, FAULT_DELAY_PPM) <= 1000000 &&
        load<u32>(record, FAULT_ABORT_PPM) <= 1000000 &&
        (load<u32>(record, FAULT_ABORT_KIND) == ABORT_GRPC
          ? load<u32>(record, FAULT_ABORT_STATUS) <= 16
          : load<u32>(record, FAULT_ABORT_KIND) < ABORT_GRPC &&
            (load<u32>(record, FAULT_ABORT_KIND) == 0 || isStatus(load<u32>(record, FAULT_ABORT_STATUS))))
      );
    case KIND_TRIE:
    case KIND_LIST_TRIE:
      return verifyTrie(kind, record, size);
    case KIND_BITS:
      return verifyBits(record, size);
    case KIND_LIST:
      // Positions are checked when they are used: they belong to whichever record leads here.
      return true;
    case KIND_REGEX_SET:
    case KIND_LIST_REGEX_SET:
      return verifyRegexSet(kind, record, size);
    case KIND_EACH:
      return verifyEach(record, size);
    case KIND_FAN:
      return verifyFan(record, size);
    case KIND_LINES:
      return verifyLines(record, size);
    case KIND_EDITS:
      return verifyEdits(record, size);
    case KIND_REDIRECT:
      return verifyRedirect(record, size);
    default:
      return false;
  }
}

function isStatus(status: u32): bool {
  return status >= 200 && status < 600;
}

function verifyLeaf(record: usize, size: u32): bool {
  if (size < LEAF_ENTRIES || (size - LEAF_ENTRIES) % LEAF_ENTRY_SIZE) return false;
  for (let offset: u32 = LEAF_ENTRIES; offset < size; offset += LEAF_ENTRY_SIZE) {
    if (load<u32>(record + offset) >= routeCount) return false;
    if (!isOptional(load<u32>(record + offset, 4), KIND_PREDICATES)) return false;
  }
  return true;
}

function verifyTable(kind: u32, record: usize, size: u32): bool {
  if (size < TABLE_STARTS + 8) return false;
  const count = load<u32>(record, TABLE_COUNT);
  const mask = load<u32>(record, TABLE_MASK);
  if (mask & (mask + 1) || mask > size >> 2 || count > size >> 4) return false;
  const startsSize = (mask + 2) << 2;
  if (size != TABLE_STARTS + startsSize + count * TABLE_ENTRY_SIZE) return false;
  let previous: u32 = 0;
  for (let offset: u32 = 0; offset < startsSize; offset += 4) {
    const start = load<u32>(record + offset, TABLE_STARTS);
    if (start < previous || start > count) return false;
    previous = start;
  }
  const end = record + size;
  for (let entry = record + TABLE_STARTS + startsSize; entry < end; entry += TABLE_ENTRY_SIZE) {
    if (!isString(load<u32>(entry, ENTRY_STRING), load<u32>(entry, ENTRY_LENGTH))) return false;
    const value = load<u32>(entry, ENTRY_VALUE);
    if (!isTableValue(kind, value)) return false;
  }
  return true;
}

function isTableValue(kind: u32, value: u32): bool {
  if (kind == KIND_NODE_TABLE) return isNode(value);
  if (kind == KIND_LIST_TABLE) return isRecord(value, KIND_LIST);
  return value >= ATTRIBUTE_FIRST_NAMED && value < attributeCount;
}

function verifyBits(record: usize, size: u32): bool {
  if (size < BITS_CANDIDATES) return false;
  const count = load<u32>(record, BITS_COUNT);
  const attributes = load<u32>(record, BITS_ATTRIBUTES);
  if (!count || count > size >> 3 || !attributes || attributes > size >> 4) return false;
  const partSize = BITS_ROWS + (((count + 31) >> 5) << 3);
  const partsAt = BITS_CANDIDATES + count * LEAF_ENTRY_SIZE;
  if (<u64>partsAt + <u64>attributes * partSize != size) return false;
  for (let offset = BITS_CANDIDATES; offset < partsAt; offset += LEAF_ENTRY_SIZE) {
    if (load<u32>(record + offset) >= routeCount) return false;
    if (!isOptional(load<u32>(record + offset, 4), KIND_PREDICATES)) return false;
  }
  const padding: u32 = count & 31 ? ~(((<u32>1) << (count & 31)) - 1) : 0;
  for (let offset = partsAt; offset < size; offset += partSize) {
    const part = record + offset;
    if (load<u32>(part, BITS_ATTRIBUTE) >= attributeCount) return false;
    if (!isOptional(load<u32>(part, BITS_EXACT), KIND_LIST_TABLE)) return false;
    if (!isOptional(load<u32>(part, BITS_PREFIXES), KIND_LIST_TRIE)) return false;
    if (!isOptional(load<u32>(part, BITS_REGEXES), KIND_LIST_REGEX_SET)) return false;
    // No bit may stand for a candidate that is not there.
    const half = (partSize - BITS_ROWS) >> 1;
    if ((load<u32>(part + half, BITS_ROWS - 4) | load<u32>(part + half + half, BITS_ROWS - 4)) & padding)
      return false;
  }
  return true;
}

function verifyRegexSet(kind: u32, record: usize, size: u32): bool {
  if (size < REGEX_SET_WORDS) return false;
  if (!isRecord(load<u32>(record, REGEX_SET_TABLE), KIND_REGEX)) return false;
  const next = load<u32>(record, REGEX_SET_NEXT);
  if (next && !isRecord(next, kind)) return false;
  if (next) depth = max(depth, <u32>load<u8>(marks + ((next - HEADER_SIZE) >> 2)) - 1);
  const hasGates = isLiterals(blob + load<u32>(record, REGEX_SET_TABLE) + REGEX_TABLE);
  for (let offset = REGEX_SET_WORDS; offset < size; offset += 4) {
    const word = load<u32>(record + offset);
    if (hasGates && isRecord(word, kind)) {
      deepen(word);
      continue;
    }
    if (kind == KIND_REGEX_SET ? !isNode(word) : word && !isRecord(word, KIND_LIST)) return false;
  }
  return true;
}

function verifyEach(record: usize, size: u32): bool {
  if (size < EACH_NODES) return false;
  for (let offset = EACH_NODES; offset < size; offset += 4) {
    if (!isNode(load<u32>(record + offset))) return false;
  }
  return true;
}

function verifyFan(record: usize, size: u32): bool {
  if (size < FAN_ENTRIES || (size - FAN_ENTRIES) % FAN_ENTRY_SIZE) return false;
  if (!isRest(load<u32>(record, FAN_REST))) return false;
  for (let offset = FAN_ENTRIES; offset < size; offset += FAN_ENTRY_SIZE) {
    if (load<u32>(record + offset) >= attributeCount || !isNode(load<u32>(record + offset, 4))) return false;
  }
  return true;
}

function verifyPredicates(record: usize, size: u32): bool {
  if (size < PREDICATES_ENTRIES || (size - PREDICATES_ENTRIES) % PREDICATE_SIZE) return false;
  const end = record + size;
  for (let entry = record + PREDICATES_ENTRIES; entry < end; entry += PREDICATE_SIZE) {
    const word = load<u32>(entry);
    if (word >> PREDICATE_ATTRIBUTE_SHIFT >= attributeCount) return false;
    const type = word & PREDICATE_TYPE_MASK;
    const known: u32 = PREDICATE_TYPE_MASK | PREDICATE_INVERT | PREDICATE_MISSING_AS_EMPTY;
    if (type > PREDICATE_PRESENT || word & 0xff & ~known) return false;
    const operand = load<u32>(entry, PREDICATE_OPERAND);
    if (
      type == PREDICATE_REGEX
        ? !isRecord(operand, KIND_REGEX)
        : !isString(operand, load<u32>(entry, PREDICATE_LENGTH))
    ) {
      return false;
    }
  }
  return true;
}

function verifyHeaders(record: usize, size: u32): bool {
  if (size < HEADERS_ENTRIES || (size - HEADERS_ENTRIES) % HEADERS_ENTRY_SIZE) return false;
  const end = record + size;
  for (let entry = record + HEADERS_ENTRIES; entry < end; entry += 8) {
    if (!isString(load<u32>(entry), load<u32>(entry, 4))) return false;
  }
  return true;
}

/** The host reads lengths and texts without looking back at us. */
function verifyLines(record: usize, size: u32): bool {
  if (size < LINES_TEXT + 4) return false;
  const length = load<u32>(record, LINES_LENGTH);
  if (length < 4 || length > size - LINES_TEXT) return false;
  const text = record + LINES_TEXT;
  const count = load<u32>(text);
  if (count > (length - 4) >> 3) return false;
  let end: u64 = 4 + ((<u64>count) << 3);
  for (let i: u32 = 0; i < count << 1; i++) {
    end += <u64>load<u32>(text + 4 + (i << 2)) + 1;
  }
  return end == length;
}

function verifyEdits(record: usize, size: u32): bool {
  if (size < EDITS_ENTRIES || (size - EDITS_ENTRIES) % EDITS_ENTRY_SIZE) return false;
  const end = record + size;
  for (let entry = record + EDITS_ENTRIES; entry < end; entry += EDITS_ENTRY_SIZE) {
    const edit = load<u32>(entry);
    if (edit > EDIT_PATH || !isString(load<u32>(entry, 12), load<u32>(entry, 16))) return false;
    // The start of a path is measured, not named.
    if (edit != EDIT_PATH_START && !isString(load<u32>(entry, 4), load<u32>(entry, 8))) return false;
  }
  return true;
}

function verifyRedirect(record: usize, size: u32): bool {
  return (
    size == REDIRECT_SIZE &&
    isOptional(load<u32>(record, OUTCOME_FAULT), KIND_FAULT) &&
    isStatus(load<u32>(record, REDIRECT_STATUS) & ~REDIRECT_KEEPS_PORT) &&
    isString(load<u32>(record, REDIRECT_SCHEME), load<u32>(record, REDIRECT_SCHEME_LENGTH)) &&
    isString(load<u32>(record, REDIRECT_HOST), load<u32>(record, REDIRECT_HOST_LENGTH)) &&
    isString(load<u32>(record, REDIRECT_PORT), load<u32>(record, REDIRECT_PORT_LENGTH)) &&
    load<u32>(record, REDIRECT_PATH_KIND) <= REDIRECT_TO_PATH &&
    load<i32>(record, REDIRECT_MATCHED) >= 0 &&
    isString(load<u32>(record, REDIRECT_PATH), load<u32>(record, REDIRECT_PATH_LENGTH)) &&
    isOptional(load<u32>(record, REDIRECT_LINES), KIND_LINES)
  );
}

function verifyForward(record: usize, size: u32): bool {
  if (size <= FORWARD_SHARES || (size - FORWARD_SHARES) % SHARE_SIZE) return false;
  if (!isOptional(load<u32>(record, OUTCOME_FAULT), KIND_FAULT)) return false;
  if (!isOptional(load<u32>(record, FORWARD_HEADERS), KIND_HEADERS)) return false;
  if (!isOptional(load<u32>(record, FORWARD_EDITS), KIND_EDITS)) return false;
  const sticky = load<u32>(record, FORWARD_STICKY);
  if (!isOptional(sticky, KIND_STICKY)) return false;
  const shares = (size - FORWARD_SHARES) / SHARE_SIZE;
  if (sticky && (load<u32>(blob + sticky) >> RECORD_SIZE_SHIFT) << 2 != STICKY_KEYS + (shares << 3))
    return false;
  const end = record + size;
  let sum: u64 = 0;
  for (let share = record + FORWARD_SHARES; share < end; share += SHARE_SIZE) {
    const cumulative = load<u64>(share, SHARE_CUMULATIVE);
    if (cumulative <= sum) return false;
    sum = cumulative;
    if (!isString(load<u32>(share, SHARE_STRING), load<u32>(share, SHARE_LENGTH))) return false;
    if (!isOptional(load<u32>(share, SHARE_HEADERS), KIND_HEADERS)) return false;
    if (!isOptional(load<u32>(share, SHARE_LINES), KIND_LINES)) return false;
    if (!isOptional(load<u32>(share, SHARE_EDITS), KIND_EDITS)) return false;
  }
  return sum == load<u64>(record, FORWARD_TOTAL);
}

function verifyTrie(kind: u32, record: usize, size: u32): bool {
  if (size < TRIE_KEYS) return false;
  if (!isString(load<u32>(record, TRIE_LABEL), load<u32>(record, TRIE_LABEL_LENGTH))) return false;
  const value = load<u32>(record, TRIE_NODE);
  if (kind == KIND_TRIE ? !isNode(value) : value && !isRecord(value, KIND_LIST)) return false;
  const count = load<u32>(record, TRIE_CHILD_COUNT);
  if (count > 256) return false;
  let keys: u32 = TRIE_BITMAP_SIZE;
  if (count <= TRIE_LIST_MAX) {
    keys = (count + 3) & ~3;
  } else {
    if (size < TRIE_KEYS + TRIE_BITMAP_SIZE) return false;
    let bits = 0;
    for (let i: u32 = 0; i < TRIE_BITMAP_SIZE; i += 4) bits += popcnt<u32>(load<u32>(record + i, TRIE_KEYS));
    if (bits != count) return false;
  }
  if (size != TRIE_KEYS + keys + (count << 2)) return false;
  for (let i: u32 = 0; i < count; i++) {
    const child = load<u32>(record + TRIE_KEYS + keys + (i << 2));
    if (!isRecord(child, kind)) return false;
    // A child without a label would let the walk stand still.
    if (!load<u32>(blob + child, TRIE_LABEL_LENGTH)) return false;
    // Depth that a walk down the tree adds is no recursion: only what its routing nodes hold counts.
    depth = max(depth, <u32>load<u8>(marks + ((child - HEADER_SIZE) >> 2)) - 1);
  }
  return true;
}

/** Parents stand further on than their children, so they are looked at when every record is known. */
function verifyTrieParents(): bool {
  for (at = HEADER_SIZE; at < recordsEnd; at += (load<u32>(blob + at) >> RECORD_SIZE_SHIFT) << 2) {
    const kind = load<u32>(blob + at) & RECORD_KIND_MASK;
    if (kind != KIND_TRIE && kind != KIND_LIST_TRIE) continue;
    const parent = load<u32>(blob + at, TRIE_PARENT);
    if (!parent) continue;
    // Only where a prefix ends is something to find.
    if (parent <= at || !isRecord(parent, kind) || !load<u32>(blob + parent, TRIE_NODE)) {
      return refuse("a prefix has a bad parent");
    }
  }
  return true;
}
