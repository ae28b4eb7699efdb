/** Unpacks a program: the container is checked, then what is in it is made room for. */

import { heapAlloc, heapFree } from "../host/memory";
import * as layout from "../layout";
import { verifyOrigin } from "../program/verify/header";
import { refuse } from "../program/verify/refusal";
import { undoDifferences } from "./differences";
import { decodeLz4, LZ4_SLACK } from "./lz4";

/** Whether so many bytes are a program that has to be unpacked. */
export function isPacked(blob: usize, size: u32): bool {
  return size >= layout.PACKED_SIZE && load<u32>(blob) == layout.PACKED_MAGIC;
}

/** A block of the heap with the program of a packed one; 0 if that is refused. */
export function unpackProgram(packed: usize, size: u32): usize {
  if (!verifyOrigin(packed, size)) return 0;
  const length = load<u32>(packed, layout.PACKED_UNPACKED);
  const block = size - layout.PACKED_SIZE;
  // What a header claims takes no memory before what follows could fill it.
  if (
    length < layout.HEADER_SIZE ||
    length > layout.PROGRAM_SIZE_MAX ||
    length > block * layout.LZ4_EXPANSION_MAX
  ) {
    refuse("it cannot have the length that it claims to have unpacked", layout.PACKED_UNPACKED);
    return 0;
  }
  const blob = heapAlloc(length + LZ4_SLACK);
  if (!blob) {
    refuse("there is no memory to unpack it", layout.PACKED_UNPACKED);
    return 0;
  }
  if (
    !decodeLz4(packed + layout.PACKED_SIZE, block, blob, length) ||
    load<u32>(blob, layout.HEADER_LENGTH) != length ||
    !undoDifferences(blob, length)
  ) {
    refuse("it cannot be unpacked", layout.PACKED_SIZE);
    heapFree(blob);
    return 0;
  }
  return blob;
}
