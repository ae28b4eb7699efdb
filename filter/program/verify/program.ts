/**
 * Decides whether a blob may be used at all. After this every offset, length and reference in it is known to be
 * good, and the matching code checks nothing again; so whatever matching relies on is checked here.
 *
 * Records stand in one row and refer only to records before them, so that one pass in that order is enough.
 */

import * as layout from "../../layout";
import { verifyHeader } from "./header";
import { verifyBits, verifyEach, verifyFan, verifyLeaf, verifyPredicates, verifySwitch } from "./nodes";
import {
  verifyEdits,
  verifyFault,
  verifyForward,
  verifyForwardOne,
  verifyHeaders,
  verifyLabel,
  verifyLimit,
  verifyLines,
  verifyRedirect,
  verifyResponse,
  verifyRule,
  verifySticky,
} from "./outcomes";
import {
  beginMarks,
  beginRecord,
  blob,
  endMarks,
  isLabel,
  isNode,
  isOptional,
  isRecord,
  markRecord,
  recordsEnd,
  routeCount,
} from "./references";
import { refuse } from "./refusal";
import {
  verifyAttributes,
  verifyRegex,
  verifyRegexSet,
  verifyTable,
  verifyTrie,
  verifyTrieParents,
} from "./tables";

/** Nodes may nest so deep. */
const MAX_DEPTH: u32 = 200;

/** Whether a blob of `size` bytes at `start` (4-byte aligned) is whole, and made for this filter. */
export function verifyProgram(start: usize, size: u32): bool {
  if (!verifyHeader(start, size)) return false;
  if (!beginMarks(start)) return refuse("there is no memory to check it", layout.HEADER_ROUTES);
  const good = verifyRecords() && verifyTrieParents() && verifyRoots();
  endMarks();
  return good;
}

function verifyRecords(): bool {
  let at: u32 = layout.HEADER_SIZE;
  while (at < recordsEnd) {
    const head = load<u32>(blob + at);
    const size = head >> layout.RECORD_SIZE_SHIFT;
    if (!size || size > (recordsEnd - at) >> 2) return refuse("a record ends outside", at);
    beginRecord();
    if (!verifyRecord(head & layout.RECORD_KIND_MASK, blob + at, size << 2)) {
      return refuse("a record is damaged", at);
    }
    if (!markRecord(at, MAX_DEPTH)) return refuse("its nodes nest too deep", at);
    at += size << 2;
  }
  return true;
}

function verifyRecord(kind: u32, record: usize, size: u32): bool {
  switch (kind) {
    case layout.KIND_LEAF:
      return verifyLeaf(record, size);
    case layout.KIND_SWITCH:
      return verifySwitch(record, size);
    case layout.KIND_BITS:
      return verifyBits(record, size);
    case layout.KIND_EACH:
      return verifyEach(record, size);
    case layout.KIND_FAN:
      return verifyFan(record, size);
    case layout.KIND_PREDICATES:
      return verifyPredicates(record, size);
    case layout.KIND_NODE_TABLE:
    case layout.KIND_LIST_TABLE:
    case layout.KIND_ATTRIBUTE_TABLE:
      return verifyTable(kind, record, size);
    case layout.KIND_ATTRIBUTES:
      return verifyAttributes(record, size);
    case layout.KIND_TRIE:
    case layout.KIND_LIST_TRIE:
      return verifyTrie(kind, record, size);
    case layout.KIND_LIST:
      // Positions are checked when they are used: they belong to whichever record leads here.
      return true;
    case layout.KIND_REGEX:
      return verifyRegex(record, size);
    case layout.KIND_REGEX_SET:
    case layout.KIND_LIST_REGEX_SET:
      return verifyRegexSet(kind, record, size);
    case layout.KIND_FORWARD:
      return verifyForward(record, size);
    case layout.KIND_FORWARD_ONE:
      return verifyForwardOne(record, size);
    case layout.KIND_RESPONSE:
      return verifyResponse(record, size);
    case layout.KIND_REDIRECT:
      return verifyRedirect(record, size);
    case layout.KIND_STICKY:
      return verifySticky(record, size);
    case layout.KIND_FAULT:
      return verifyFault(record, size);
    case layout.KIND_LIMIT:
      return verifyLimit(record, size);
    case layout.KIND_HEADERS:
      return verifyHeaders(record, size);
    case layout.KIND_LINES:
      return verifyLines(record, size);
    case layout.KIND_EDITS:
      return verifyEdits(record, size);
    case layout.KIND_RULE:
      return verifyRule(record, size);
    case layout.KIND_LABEL:
      return verifyLabel(record, size);
    default:
      return false;
  }
}

/** What the header and the routes refer to. */
function verifyRoots(): bool {
  if (!isRecord(load<u32>(blob, layout.HEADER_ATTRIBUTES), layout.KIND_ATTRIBUTES)) {
    return refuse("it has no attributes", layout.HEADER_ATTRIBUTES);
  }
  const domains = load<u32>(blob, layout.HEADER_DOMAINS);
  if (domains && !isRecord(domains, layout.KIND_NODE_TABLE)) {
    return refuse("it has a bad table of domains", layout.HEADER_DOMAINS);
  }
  const suffixes = load<u32>(blob, layout.HEADER_SUFFIXES);
  if (suffixes && !isRecord(suffixes, layout.KIND_NODE_TABLE)) {
    return refuse("it has a bad table of suffixes", layout.HEADER_SUFFIXES);
  }
  if (!isNode(load<u32>(blob, layout.HEADER_DEFAULT_NODE))) {
    return refuse("it has a bad node for all hosts", layout.HEADER_DEFAULT_NODE);
  }
  let at = recordsEnd;
  for (let i: u32 = 0; i < routeCount; i++, at += 4) {
    if (!isOutcome(load<u32>(blob + at))) return refuse("a route has no outcome", at);
  }
  return verifyNames();
}

/** What routes and the listener are called. */
function verifyNames(): bool {
  let at = load<u32>(blob, layout.HEADER_NAMES);
  if (!at) return true;
  if (!isLabel(load<u32>(blob, layout.HEADER_LISTENER), load<u32>(blob, layout.HEADER_LISTENER_LENGTH))) {
    return refuse("its listener has a bad name", layout.HEADER_LISTENER);
  }
  for (let i: u32 = 0; i < routeCount; i++, at += 4) {
    if (!isOptional(load<u32>(blob + at), layout.KIND_RULE)) return refuse("a route has a bad name", at);
  }
  return true;
}

function isOutcome(offset: u32): bool {
  return (
    isRecord(offset, layout.KIND_FORWARD) ||
    isRecord(offset, layout.KIND_FORWARD_ONE) ||
    isRecord(offset, layout.KIND_REDIRECT) ||
    isRecord(offset, layout.KIND_RESPONSE)
  );
}
