/**
 * Candidates that no attribute tells apart: one bit each, one row of bits for each attribute, combined by and.
 */

import { arenaAlloc } from "../host/memory";
import * as layout from "../layout";
import { program } from "./current";
import { matchingWords, nextWord, wordAt } from "./expressions";
import { lineLength, lineNext, lineText } from "./lines";
import { allHold } from "./predicates";
import { attributeLine } from "./request";
import { NOT_FOUND, tableFind } from "./table";
import { trieDeepest, trieParent } from "./trie";

/** The smallest route among the candidates that matches and is smaller than `best`; else `best`. */
export function findByBits(record: usize, best: u32): u32 {
  const count = load<u32>(record, layout.BITS_COUNT);
  const rowSize = (<usize>((count + 31) >> 5)) << 2;
  const candidates = record + layout.BITS_CANDIDATES;
  // Two rows: what is still possible, and the one that is being made.
  const possible = arenaAlloc(rowSize << 1);
  const row = possible + rowSize;

  let part = candidates + <usize>count * layout.LEAF_ENTRY_SIZE;
  const attributes = load<u32>(record, layout.BITS_ATTRIBUTES);
  for (let i: u32 = 0; i < attributes; i++, part += <usize>layout.BITS_ROWS + (rowSize << 1)) {
    const line = attributeLine(load<u32>(part, layout.BITS_ATTRIBUTE));
    const base = line ? part + layout.BITS_ROWS : part + layout.BITS_ROWS + rowSize;
    const target = i ? row : possible;
    memory.copy(target, base, rowSize);
    if (line) applyLines(part, line, target, count);
    if (i && !intersect(possible, row, rowSize)) return best;
  }

  for (let at: usize = 0; at < rowSize; at += 4) {
    let bits = load<u32>(possible + at);
    while (bits) {
      const position = ((<u32>at) << 3) + ctz<u32>(bits);
      const candidate = candidates + <usize>position * layout.LEAF_ENTRY_SIZE;
      const route = load<u32>(candidate);
      if (route >= best) return best;
      const predicates = load<u32>(candidate, 4);
      if (!predicates || allHold(program + predicates)) return route;
      bits &= bits - 1;
    }
  }
  return best;
}

/** Whether anything is left of `a` after `a &= b`. */
function intersect(a: usize, b: usize, size: usize): bool {
  let any: u32 = 0;
  for (let at: usize = 0; at < size; at += 4) {
    const both = load<u32>(a + at) & load<u32>(b + at);
    store<u32>(a + at, both);
    any |= both;
  }
  return any != 0;
}

function applyLines(part: usize, first: usize, row: usize, count: u32): void {
  const exact = load<u32>(part, layout.BITS_EXACT);
  const prefixes = load<u32>(part, layout.BITS_PREFIXES);
  const regexes = load<u32>(part, layout.BITS_REGEXES);
  for (let line = first; line; line = lineNext(line)) {
    const text = lineText(line);
    const length = lineLength(line);
    const list = tableFind(exact, text, length);
    if (list != NOT_FOUND) applyList(list, row, count);
    if (prefixes) {
      for (let at = trieDeepest(prefixes, text, length); at; at = trieParent(at)) {
        applyList(load<u32>(at, layout.TRIE_NODE), row, count);
      }
    }
    for (let at = matchingWords(regexes, text, length); at; at = nextWord(at)) {
      applyList(wordAt(at), row, count);
    }
  }
}

function applyList(list: u32, row: usize, count: u32): void {
  const record = program + list;
  const end = record + ((<usize>(load<u32>(record) >> layout.RECORD_SIZE_SHIFT)) << 2);
  for (let entry = record + layout.LIST_ENTRIES; entry < end; entry += 4) {
    const value = load<u32>(entry);
    const position = value & ~layout.LIST_CLEAR;
    if (position >= count) return;
    const word = row + ((<usize>(position >> 5)) << 2);
    const bit = (<u32>1) << (position & 31);
    if (value & layout.LIST_CLEAR) store<u32>(word, load<u32>(word) & ~bit);
    else store<u32>(word, load<u32>(word) | bit);
  }
}
