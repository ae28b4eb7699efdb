/**
 * Expressions that are asked together: which words their sets have for a text.
 */

import { arenaAlloc } from "../host/memory";
import * as layout from "../layout";
import { foundNext, foundTarget, literalTargets } from "../regex/literals";
import { isLiterals, regexSetMatch } from "../regex/match";
import { program } from "./current";

/** A word, and the next one or 0. */
const WORD_SIZE: usize = 8;

/** The words of all expressions that match a text, in a chain of sets: a list in the arena, 0 when none does. */
export function matchingWords(chain: u32, text: usize, length: i32): usize {
  let list: usize = 0;
  for (let set = chain; set; set = load<u32>(program + set, layout.REGEX_SET_NEXT)) {
    const record = program + set;
    const table = program + load<u32>(record, layout.REGEX_SET_TABLE) + layout.REGEX_TABLE;
    if (!isLiterals(table)) {
      list = add(list, setWord(record, text, length));
      continue;
    }
    for (let at = literalTargets(table, text, length); at; at = foundNext(at)) {
      const word = wordOf(record, foundTarget(at));
      list = add(list, isGate(word) ? setWord(program + word, text, length) : word);
    }
  }
  return list;
}

export function wordAt(list: usize): u32 {
  return load<u32>(list);
}

export function nextWord(list: usize): usize {
  return <usize>load<u32>(list, 4);
}

function add(list: usize, word: u32): usize {
  if (!word) return list;
  const entry = arenaAlloc(WORD_SIZE);
  store<u32>(entry, word);
  store<u32>(entry, <u32>list, 4);
  return entry;
}

/** Whether a word of literals is a set that is asked because one of them is there. */
function isGate(word: u32): bool {
  if (!word || word & layout.NODE_TAG_MASK) return false;
  const kind = load<u32>(program + word) & layout.RECORD_KIND_MASK;
  return kind == layout.KIND_REGEX_SET || kind == layout.KIND_LIST_REGEX_SET;
}

/** The word of the expressions of one set that match a text together, 0 when none does. */
function setWord(record: usize, text: usize, length: i32): u32 {
  const accepted = regexSetMatch(
    program + load<u32>(record, layout.REGEX_SET_TABLE) + layout.REGEX_TABLE,
    text,
    length,
  );
  return accepted ? wordOf(record, accepted - 1) : 0;
}

function wordOf(record: usize, index: u32): u32 {
  const count = (((load<u32>(record) >> layout.RECORD_SIZE_SHIFT) << 2) - layout.REGEX_SET_WORDS) >> 2;
  return index < count ? load<u32>(record + ((<usize>index) << 2), layout.REGEX_SET_WORDS) : 0;
}
