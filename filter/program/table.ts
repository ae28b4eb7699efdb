/**
 * Hash tables of strings in a program.
 */

import { equalBytes } from "../host/text";
import * as layout from "../layout";
import { program, strings } from "./current";
import { hashBytes } from "./hash";

/** No value in a table is this large. */
export const NOT_FOUND: u32 = 0xffffffff;

/** The value of a string in the table at an offset of the current program, or `NOT_FOUND`; offset 0 is empty. */
export function tableFind(offset: u32, text: usize, length: i32): u32 {
  return offset ? tableFindHashed(offset, text, length, hashBytes(text, length)) : NOT_FOUND;
}

/** The same with the hash in hand. */
export function tableFindHashed(offset: u32, text: usize, length: i32, hash: u32): u32 {
  const table = program + offset;
  const mask = load<u32>(table, layout.TABLE_MASK);
  const start = table + ((<usize>(hash & mask)) << 2);
  let index = load<u32>(start, layout.TABLE_STARTS);
  const end = load<u32>(start, layout.TABLE_STARTS + 4);
  if (index == end) return NOT_FOUND;
  const entries = table + layout.TABLE_STARTS + ((<usize>(mask + 2)) << 2);
  do {
    const entry = entries + <usize>index * layout.TABLE_ENTRY_SIZE;
    if (
      load<u32>(entry, layout.ENTRY_HASH) == hash &&
      load<i32>(entry, layout.ENTRY_LENGTH) == length &&
      equalBytes(strings + load<u32>(entry, layout.ENTRY_STRING), text, length)
    ) {
      return load<u32>(entry, layout.ENTRY_VALUE);
    }
  } while (++index < end);
  return NOT_FOUND;
}
