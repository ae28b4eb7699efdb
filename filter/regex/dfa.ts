/**
 * Walks a DFA's table: one load of the next state for each byte, beside the byte itself and its class.
 */

import * as layout from "./layout";

/** The accept set of a text and one more; 0 when nothing matches. */
export function denseMatch(table: usize, text: usize, length: i32): u32 {
  const end = text + length;
  let state = load<u32>(table, layout.TABLE_START);
  while (text < end) {
    const byteClass = <u32>load<u8>(table + load<u8>(text), layout.TABLE_CLASS_MAP);
    state = load<u16>(table + ((state + byteClass) << 1), layout.TABLE_BODY);
    if (!state) return 0;
    text++;
  }
  const accepting = load<u32>(table, layout.DENSE_ACCEPTING);
  if (state < accepting) return 0;
  const index = (state - accepting) / load<u32>(table, layout.TABLE_CLASSES);
  return (
    <u32>load<u16>(table + ((load<u32>(table, layout.TABLE_ENTRIES) + index) << 1), layout.TABLE_BODY) + 1
  );
}

/** The same for a comb. */
export function combMatch(table: usize, text: usize, length: i32): u32 {
  const end = text + length;
  let state = load<u32>(table, layout.TABLE_START);
  while (text < end) {
    const byteClass = <u32>load<u8>(table + load<u8>(text), layout.TABLE_CLASS_MAP);
    const entry = load<u32>(table + ((state + byteClass) << 2), layout.TABLE_BODY);
    if ((entry & layout.COMB_CLASS_MASK) != byteClass + 1) return 0;
    state = entry >> layout.COMB_SHIFT;
    text++;
  }
  const acceptClass = load<u32>(table, layout.TABLE_CLASSES);
  const entry = load<u32>(table + ((state + acceptClass) << 2), layout.TABLE_BODY);
  return (entry & layout.COMB_CLASS_MASK) == acceptClass + 1 ? (entry >> layout.COMB_SHIFT) + 1 : 0;
}
