/**
 * Simulates an automaton: all places at once, a byte at a time, each place at most once a byte. Memory is bounded by
 * the automaton and lies in `scratch`; time by automaton × text.
 *
 * Places are taken in the order of their priority, as a search with captures will want them: each would carry its
 * captures along (OP_SAVE writes them) and the first OP_MATCH in order would be the one.
 */

import * as layout from "./layout";
import { scratch } from "./scratch";

// Scratch space, each part with a word for every instruction:
//
//     ┌ reached: sparse │ reached: dense │ entered: sparse │ entered: dense │ stack (two words each) ┐
//
// A place is in a set when dense[sparse[place]] is the place; a set is emptied by forgetting how many it holds.
const SCRATCH_WORDS: u32 = 6;

/** Scratch space that a table of so many instructions needs. */
export function nfaScratchBytes(instructions: u32): u32 {
  return (instructions * SCRATCH_WORDS) << 2;
}

/** Whether the whole text matches. */
export function nfaMatch(table: usize, text: usize, length: i32): bool {
  const count = load<u32>(table, layout.TABLE_ENTRIES);
  const classes = load<u32>(table, layout.TABLE_CLASSES);
  const program = table + layout.TABLE_BODY;
  const targets = program + count * layout.INSTRUCTION_SIZE;
  const shapes = targets + (load<u32>(table, layout.NFA_TARGETS) << 2);
  const setBytes = (<usize>count) << 3;
  const reached = scratch;
  const entered = reached + setBytes;
  const stack = entered + setBytes;
  const dense = (<usize>count) << 2;

  // Where the last byte led to.
  let enteredCount: u32 = 1;
  store<u32>(entered + dense, load<u32>(table, layout.TABLE_START));

  let before = EDGE;
  for (let i = 0; ; i++) {
    const isEnd = i == length;
    const byte: u32 = isEnd ? 0 : load<u8>(text + i);
    const after = isEnd ? EDGE : kindOf(byte);
    const failing = ~holding(before, after);

    // What can be reached from there without reading.
    let reachedCount: u32 = 0;
    for (let e: u32 = 0; e < enteredCount; e++) {
      let top = stack;
      store<u32>(top, load<u32>(entered + dense + (e << 2)));
      top += 4;
      while (top > stack) {
        top -= 4;
        const place = load<u32>(top);
        const slot = reached + (place << 2);
        const at = load<u32>(slot);
        if (at < reachedCount && load<u32>(reached + dense + (at << 2)) == place) continue;
        store<u32>(slot, reachedCount);
        store<u32>(reached + dense + (reachedCount << 2), place);
        reachedCount++;
        const word = load<u32>(program + place * layout.INSTRUCTION_SIZE);
        const op = word & layout.OP_MASK;
        if (op == layout.OP_BYTE) continue;
        const out = load<u32>(program + place * layout.INSTRUCTION_SIZE, 4);
        if (op == layout.OP_SPLIT) {
          store<u32>(top, out);
          store<u32>(top, word >> layout.OP_SHIFT, 4);
          top += 8;
        } else if (
          op == layout.OP_SAVE ||
          (op == layout.OP_ASSERT && !((word >> layout.OP_SHIFT) & failing))
        ) {
          store<u32>(top, out);
          top += 4;
        } else if (op == layout.OP_MATCH && isEnd) {
          return true;
        }
      }
    }
    if (isEnd) return false;

    // What the byte leads to.
    enteredCount = 0;
    const byteClass = <u32>load<u8>(table + byte, layout.TABLE_CLASS_MAP);
    for (let r: u32 = 0; r < reachedCount; r++) {
      const instruction = program + load<u32>(reached + dense + (r << 2)) * layout.INSTRUCTION_SIZE;
      const word = load<u32>(instruction);
      if ((word & layout.OP_MASK) != layout.OP_BYTE) continue;
      const way = <u32>load<u8>(shapes + (word >> layout.OP_SHIFT) * (classes + 1) + byteClass, 1);
      if (!way) continue;
      const target = load<u32>(targets + ((load<u32>(instruction, 4) + way - 1) << 2));
      const slot = entered + (target << 2);
      const at = load<u32>(slot);
      if (at < enteredCount && load<u32>(entered + dense + (at << 2)) == target) continue;
      store<u32>(slot, enteredCount);
      store<u32>(entered + dense + (enteredCount << 2), target);
      enteredCount++;
    }
    if (!enteredCount) return false;
    before = after;
  }
  return false;
}

// What stands before or behind a place.
const WORD: u32 = 0;
const NEWLINE: u32 = 1;
const OTHER: u32 = 2;
const EDGE: u32 = 3;

function kindOf(byte: u32): u32 {
  if (byte == 0x0a) return NEWLINE;
  return byte == 0x5f || byte - 0x30 < 10 || (byte | 0x20) - 0x61 < 26 ? WORD : OTHER;
}

/** The assertions that hold between two neighbours. */
function holding(before: u32, after: u32): u32 {
  let flags =
    (before == WORD) != (after == WORD) ? layout.ASSERT_WORD_BOUNDARY : layout.ASSERT_NO_WORD_BOUNDARY;
  if (before == EDGE) flags |= layout.ASSERT_BEGIN_TEXT | layout.ASSERT_BEGIN_LINE;
  if (before == NEWLINE) flags |= layout.ASSERT_BEGIN_LINE;
  if (after == EDGE) flags |= layout.ASSERT_END_TEXT | layout.ASSERT_END_LINE;
  if (after == NEWLINE) flags |= layout.ASSERT_END_LINE;
  return flags;
}
