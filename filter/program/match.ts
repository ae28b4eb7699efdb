/**
 * Finds the route of a request: the smallest index whose predicates all hold, by walking the decision graph.
 * A part of the graph that cannot beat the best route found so far is not entered.
 */

import { equalBytes } from "../host/text";
import {
  EACH_NODES,
  FAN_ENTRIES,
  FAN_ENTRY_SIZE,
  FAN_QUERY,
  FAN_REST,
  KIND_BITS,
  KIND_EACH,
  KIND_FAN,
  KIND_LEAF,
  LEAF_ENTRIES,
  LEAF_ENTRY_SIZE,
  NODE_DIRECT,
  NODE_MIN,
  NODE_NONE,
  NODE_SHIFT,
  NODE_TAG_MASK,
  PREDICATE_ATTRIBUTE_SHIFT,
  PREDICATE_EXACT,
  PREDICATE_INVERT,
  PREDICATE_LENGTH,
  PREDICATE_MISSING_AS_EMPTY,
  PREDICATE_OPERAND,
  PREDICATE_PREFIX,
  PREDICATE_PRESENT,
  PREDICATE_SIZE,
  PREDICATE_TYPE_MASK,
  PREDICATES_ENTRIES,
  RECORD_KIND_MASK,
  RECORD_SIZE_SHIFT,
  REGEX_TABLE,
  ROUTE_NONE,
  SWITCH_ATTRIBUTE,
  SWITCH_EXACT,
  SWITCH_PREFIXES,
  SWITCH_PRESENT,
  SWITCH_REGEXES,
  SWITCH_REST,
} from "../layout";
import { regexFullMatch } from "../regex/match";
import { findByBits } from "./bits";
import { program, strings } from "./current";
import { matchingWords, nextWord, wordAt } from "./expressions";
import {
  attributeLine,
  lineLength,
  lineNext,
  lineText,
  needQuery,
  presentAttribute,
  presentCount,
} from "./request";
import { NOT_FOUND, tableFind } from "./table";
import { prefixMatch } from "./trie";

/** The smallest route below a node that matches and is smaller than `best`; else `best`. */
export function findRoute(node: u32, best: u32): u32 {
  while (node != NODE_NONE) {
    if ((node & NODE_TAG_MASK) == NODE_DIRECT) return min(best, node >> NODE_SHIFT);
    const record = program + node;
    if (load<u32>(record, NODE_MIN) >= best) return best;
    const kind = load<u32>(record) & RECORD_KIND_MASK;
    if (kind == KIND_LEAF) return scanLeaf(record, best);
    if (kind == KIND_BITS) return findByBits(record, best);
    if (kind == KIND_EACH) return findInEach(record, best);
    if (kind == KIND_FAN) {
      best = findByPresence(record, best);
      node = load<u32>(record, FAN_REST);
    } else {
      best = findByAttribute(record, best);
      node = load<u32>(record, SWITCH_REST);
    }
  }
  return best;
}

/** Goes over the attributes that the request has. */
function findByPresence(record: usize, best: u32): u32 {
  if (load<u32>(record, FAN_QUERY)) needQuery();
  const count = (((load<u32>(record) >> RECORD_SIZE_SHIFT) << 2) - FAN_ENTRIES) / FAN_ENTRY_SIZE;
  for (let i: u32 = 0; i < presentCount; i++) {
    const attribute = presentAttribute(i);
    let low: u32 = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (load<u32>(record + <usize>middle * FAN_ENTRY_SIZE, FAN_ENTRIES) < attribute) low = middle + 1;
      else high = middle;
    }
    const entry = record + FAN_ENTRIES + <usize>low * FAN_ENTRY_SIZE;
    if (low < count && load<u32>(entry) == attribute) best = findRoute(load<u32>(entry, 4), best);
  }
  return best;
}

function findByAttribute(record: usize, best: u32): u32 {
  const exact = load<u32>(record, SWITCH_EXACT);
  const prefixes = load<u32>(record, SWITCH_PREFIXES);
  const regexes = load<u32>(record, SWITCH_REGEXES);
  let line = attributeLine(load<u32>(record, SWITCH_ATTRIBUTE));
  if (!line) return best;
  const present = load<u32>(record, SWITCH_PRESENT);
  if (present) best = findRoute(present, best);
  do {
    const text = lineText(line);
    const length = lineLength(line);
    const child = tableFind(exact, text, length);
    if (child != NOT_FOUND) best = findRoute(child, best);
    if (prefixes) best = prefixMatch(prefixes, text, length, best);
    for (let at = matchingWords(regexes, text, length); at; at = nextWord(at))
      best = findRoute(wordAt(at), best);
    line = lineNext(line);
  } while (line);
  return best;
}

function findInEach(record: usize, best: u32): u32 {
  const end = record + ((<usize>(load<u32>(record) >> RECORD_SIZE_SHIFT)) << 2);
  for (let at = record + EACH_NODES; at < end; at += 4) {
    const node = load<u32>(at);
    // In order of their smallest routes: when one cannot win, none behind it can.
    if (nodeMin(node) >= best) return best;
    best = findRoute(node, best);
  }
  return best;
}

function nodeMin(node: u32): u32 {
  if (node == NODE_NONE) return ROUTE_NONE;
  return (node & NODE_TAG_MASK) == NODE_DIRECT ? node >> NODE_SHIFT : load<u32>(program + node, NODE_MIN);
}

function scanLeaf(record: usize, best: u32): u32 {
  const end = record + ((<usize>(load<u32>(record) >> RECORD_SIZE_SHIFT)) << 2);
  for (let entry = record + LEAF_ENTRIES; entry < end; entry += LEAF_ENTRY_SIZE) {
    const route = load<u32>(entry);
    if (route >= best) return best;
    const predicates = load<u32>(entry, 4);
    if (!predicates || allHold(program + predicates)) return route;
  }
  return best;
}

export function allHold(record: usize): bool {
  const end = record + ((<usize>(load<u32>(record) >> RECORD_SIZE_SHIFT)) << 2);
  for (let at = record + PREDICATES_ENTRIES; at < end; at += PREDICATE_SIZE) {
    if (!holds(at)) return false;
  }
  return true;
}

function holds(predicate: usize): bool {
  const type = load<u32>(predicate);
  let line = attributeLine(type >> PREDICATE_ATTRIBUTE_SHIFT);
  let hit = false;
  if (line) {
    do {
      hit = valueMatches(predicate, type & PREDICATE_TYPE_MASK, lineText(line), lineLength(line));
      line = lineNext(line);
    } while (!hit && line);
  } else if (type & PREDICATE_MISSING_AS_EMPTY) {
    hit = valueMatches(predicate, type & PREDICATE_TYPE_MASK, strings, 0);
  }
  return hit != ((type & PREDICATE_INVERT) != 0);
}

function valueMatches(predicate: usize, type: u32, text: usize, length: i32): bool {
  if (type == PREDICATE_PRESENT) return true;
  const operand = load<u32>(predicate, PREDICATE_OPERAND);
  const wanted = load<i32>(predicate, PREDICATE_LENGTH);
  if (type == PREDICATE_EXACT) return length == wanted && equalBytes(strings + operand, text, length);
  if (type == PREDICATE_PREFIX) return length >= wanted && equalBytes(strings + operand, text, wanted);
  return regexFullMatch(program + operand + REGEX_TABLE, text, length);
}
