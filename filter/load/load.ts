/** From the bytes of a configuration to a program that decides: unpacked, verified, its tables in order. */

import { heapFree } from "../host/memory";
import * as layout from "../layout";
import { reserveSlots } from "../program/lines";
import { verifyProgram } from "../program/verify/program";
import { refuse } from "../program/verify/refusal";
import { fileTables } from "./file-tables";
import { isPacked, unpackProgram } from "./unpack";

/**
 * A block of the heap with the program, or 0 if that is refused, with its reason. The block that comes in is freed, or
 * is the one that is handed back.
 */
export function loadProgram(bytes: usize, size: u32): usize {
  let blob = bytes;
  if (isPacked(bytes, size)) {
    blob = unpackProgram(bytes, size);
    heapFree(bytes);
    if (!blob) return 0;
    size = load<u32>(blob, layout.HEADER_LENGTH);
  }
  if (verifyProgram(blob, size)) {
    const attributes = blob + load<u32>(blob, layout.HEADER_ATTRIBUTES);
    if (reserveSlots(load<u32>(attributes, layout.ATTRIBUTES_COUNT)) && fileTables(blob)) return blob;
    refuse("there is no memory for it", layout.HEADER_LENGTH);
  }
  heapFree(blob);
  return 0;
}
