/**
 * Finds the route of a request: the smallest index whose predicates all hold, by walking the decision graph.
 * A part of the graph that cannot beat the best route found so far is not entered.
 */

import * as layout from "../layout";
import { findByBits } from "./bits";
import { program } from "./current";
import { matchingWords, nextWord, wordAt } from "./expressions";
import { lineLength, lineNext, lineText, presentAttribute, presentCount } from "./lines";
import { allHold } from "./predicates";
import { attributeLine, needQuery } from "./request";
import { NOT_FOUND, tableFind } from "./table";
import { trieDeepest, trieParent } from "./trie";

/** The smallest route below a node that matches and is smaller than `best`; else `best`. */
export function findRoute(node: u32, best: u32): u32 {
  while (node != layout.NODE_NONE) {
    if ((node & layout.NODE_TAG_MASK) == layout.NODE_DIRECT) return min(best, node >> layout.NODE_SHIFT);
    const record = program + node;
    if (load<u32>(record, layout.NODE_MIN) >= best) return best;
    const kind = load<u32>(record) & layout.RECORD_KIND_MASK;
    if (kind == layout.KIND_LEAF) return scanLeaf(record, best);
    if (kind == layout.KIND_BITS) return findByBits(record, best);
    if (kind == layout.KIND_EACH) return findInEach(record, best);
    if (kind == layout.KIND_FAN) {
      best = findByPresence(record, best);
      node = load<u32>(record, layout.FAN_REST);
    } else {
      best = findByAttribute(record, best);
      node = load<u32>(record, layout.SWITCH_REST);
    }
  }
  return best;
}

/** Goes over the attributes that the request has. */
function findByPresence(record: usize, best: u32): u32 {
  if (load<u32>(record, layout.FAN_QUERY)) needQuery();
  const count =
    (((load<u32>(record) >> layout.RECORD_SIZE_SHIFT) << 2) - layout.FAN_ENTRIES) / layout.FAN_ENTRY_SIZE;
  for (let i: u32 = 0; i < presentCount; i++) {
    const attribute = presentAttribute(i);
    let low: u32 = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = load<u32>(record + <usize>middle * layout.FAN_ENTRY_SIZE, layout.FAN_ENTRIES);
      if (found < attribute) low = middle + 1;
      else high = middle;
    }
    const entry = record + layout.FAN_ENTRIES + <usize>low * layout.FAN_ENTRY_SIZE;
    if (low < count && load<u32>(entry) == attribute) best = findRoute(load<u32>(entry, 4), best);
  }
  return best;
}

function findByAttribute(record: usize, best: u32): u32 {
  const exact = load<u32>(record, layout.SWITCH_EXACT);
  const prefixes = load<u32>(record, layout.SWITCH_PREFIXES);
  const regexes = load<u32>(record, layout.SWITCH_REGEXES);
  let line = attributeLine(load<u32>(record, layout.SWITCH_ATTRIBUTE));
  if (!line) return best;
  const present = load<u32>(record, layout.SWITCH_PRESENT);
  if (present) best = findRoute(present, best);
  do {
    const text = lineText(line);
    const length = lineLength(line);
    const child = tableFind(exact, text, length);
    if (child != NOT_FOUND) best = findRoute(child, best);
    if (prefixes) best = findByPrefixes(prefixes, text, length, best);
    for (let at = matchingWords(regexes, text, length); at; at = nextWord(at)) {
      best = findRoute(wordAt(at), best);
    }
    line = lineNext(line);
  } while (line);
  return best;
}

/** The smallest route, smaller than `best`, of all prefixes of a text; else `best`. */
function findByPrefixes(root: u32, text: usize, length: i32, best: u32): u32 {
  let at = trieDeepest(root, text, length);
  while (at) {
    best = findRoute(load<u32>(at, layout.TRIE_NODE), best);
    if (load<u32>(at, layout.TRIE_CHAIN_MIN) >= best) break;
    at = trieParent(at);
  }
  return best;
}

function findInEach(record: usize, best: u32): u32 {
  const end = record + ((<usize>(load<u32>(record) >> layout.RECORD_SIZE_SHIFT)) << 2);
  for (let at = record + layout.EACH_NODES; at < end; at += 4) {
    const node = load<u32>(at);
    // In order of their smallest routes: when one cannot win, none behind it can.
    if (nodeMin(node) >= best) return best;
    best = findRoute(node, best);
  }
  return best;
}

function nodeMin(node: u32): u32 {
  if (node == layout.NODE_NONE) return layout.ROUTE_NONE;
  return (node & layout.NODE_TAG_MASK) == layout.NODE_DIRECT
    ? node >> layout.NODE_SHIFT
    : load<u32>(program + node, layout.NODE_MIN);
}

function scanLeaf(record: usize, best: u32): u32 {
  const end = record + ((<usize>(load<u32>(record) >> layout.RECORD_SIZE_SHIFT)) << 2);
  for (let entry = record + layout.LEAF_ENTRIES; entry < end; entry += layout.LEAF_ENTRY_SIZE) {
    const route = load<u32>(entry);
    if (route >= best) return best;
    const predicates = load<u32>(entry, 4);
    if (!predicates || allHold(program + predicates)) return route;
  }
  return best;
}
