/**
 * Which of many literals a text contains, in one walk over it (Aho and Corasick, 1975): a trie of the literals whose
 * states also know where to go on when the next byte fits none of their ways. Time is linear in the text and in the
 * targets that are found, however the literals overlap.
 */

import { arenaAlloc, heapAlloc, heapFree } from "../host/memory";
import * as layout from "./layout";

const NEWLINE: u32 = 0x0a;
/** A target that was found: its index, the next one found or 0. */
const FOUND_SIZE: usize = 8;

// One mark for each target and each output of the largest table, shared by all: what was seen in this walk.
let marks: usize = 0;
let markCount: u32 = 0;
let stamp: u32 = 0;

/** Makes room for the marks of a table; false when there is no memory. */
export function reserveMarks(count: u32): bool {
  if (count <= markCount) return true;
  const larger = heapAlloc((<usize>count) << 2);
  if (!larger) return false;
  memory.fill(larger, 0, (<usize>count) << 2);
  heapFree(marks);
  marks = larger;
  markCount = count;
  return true;
}

// Of the walk that is under way.
let outputs: usize = 0;
let outputMarks: usize = 0;
let found: usize = 0;
let textStart: usize = 0;
let textEnd: usize = 0;
/** Whether the text has a newline; -1 until somebody asks. */
let newline: i32 = -1;

/** The targets whose literals are in a text, each once, as a list in the arena: index, next. 0 when there is none. */
export function literalTargets(table: usize, text: usize, length: i32): usize {
  if (++stamp == 0) {
    memory.fill(marks, 0, (<usize>markCount) << 2);
    stamp = 1;
  }
  const entries = table + layout.TABLE_BODY;
  const classes = load<u32>(table, layout.TABLE_CLASSES);
  const start = load<u32>(table, layout.TABLE_START);
  outputs = entries + ((<usize>load<u32>(table, layout.TABLE_ENTRIES)) << 2);
  outputMarks = marks + ((<usize>load<u32>(table, layout.TABLE_SETS)) << 2);
  found = 0;
  textStart = text;
  textEnd = text + length;
  newline = -1;

  let state = start;
  // At least as many bytes as the state stands for: it bounds the steps back, whatever the table says.
  let depth: i32 = 0;
  for (let at = text; at < textEnd; at++) {
    const byteClass = <u32>load<u8>(table + load<u8>(at), layout.TABLE_CLASS_MAP);
    for (;;) {
      const entry = load<u32>(entries + ((state + byteClass) << 2));
      if ((entry & layout.COMB_CLASS_MASK) == byteClass + 1) {
        state = entry >> layout.COMB_SHIFT;
        depth++;
        break;
      }
      if (!depth) break;
      depth--;
      const back = load<u32>(entries + ((state + classes + 1) << 2));
      if (depth && (back & layout.COMB_CLASS_MASK) == classes + 2) {
        state = back >> layout.COMB_SHIFT;
      } else {
        state = start;
        depth = 0;
      }
    }
    const accept = load<u32>(entries + ((state + classes) << 2));
    if ((accept & layout.COMB_CLASS_MASK) == classes + 1) takeOutputs(accept >> layout.COMB_SHIFT);
  }
  const accept = load<u32>(entries + ((state + classes) << 2));
  if ((accept & layout.COMB_CLASS_MASK) == classes + 1) takeOutputsAtEnd(accept >> layout.COMB_SHIFT);
  return found;
}

/** The index of a target in the list. */
export function foundTarget(at: usize): u32 {
  return load<u32>(at);
}

export function foundNext(at: usize): usize {
  return <usize>load<u32>(at, 4);
}

/** The outputs of a state: from one that was seen before, all others were, too. */
function takeOutputs(first: u32): void {
  for (let link = first + 1; link; ) {
    const mark = outputMarks + ((<usize>(link - 1)) << 2);
    if (load<u32>(mark) == stamp) return;
    store<u32>(mark, stamp);
    const output = outputs + <usize>(link - 1) * layout.OUTPUT_SIZE;
    const word = load<u32>(output);
    if (!(word & layout.LITERAL_AT_END)) take(output, word);
    link = word >> layout.OUTPUT_LINK_SHIFT;
  }
}

function takeOutputsAtEnd(first: u32): void {
  for (let link = first + 1; link; ) {
    const output = outputs + <usize>(link - 1) * layout.OUTPUT_SIZE;
    const word = load<u32>(output);
    if (word & layout.LITERAL_AT_END) take(output, word);
    link = word >> layout.OUTPUT_LINK_SHIFT;
  }
}

function take(output: usize, word: u32): void {
  if (word & layout.LITERAL_NO_NEWLINE && hasNewline()) return;
  const target = load<u32>(output, layout.OUTPUT_TARGET);
  const mark = marks + ((<usize>target) << 2);
  if (load<u32>(mark) == stamp) return;
  store<u32>(mark, stamp);
  const entry = arenaAlloc(FOUND_SIZE);
  store<u32>(entry, target);
  store<u32>(entry, <u32>found, 4);
  found = entry;
}

function hasNewline(): bool {
  if (newline < 0) {
    newline = 0;
    for (let at = textStart; at < textEnd && !newline; at++) newline = i32(load<u8>(at) == NEWLINE);
  }
  return newline != 0;
}
