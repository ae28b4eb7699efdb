/**
 * The form in which a program travels: `filter/load/unpack.ts` undoes it, and so does this, for whoever looks into one.
 */

import * as layout from "../../../filter/layout.ts";
import { fromDifferences, toDifferences } from "./differences.ts";
import { checksum } from "./hash.ts";
import { decodeLz4, encodeLz4 } from "./lz4.ts";

/** Packs a program; what that makes no smaller stays as it is. */
export function packProgram(program: Uint8Array): Uint8Array {
  if (program.length > layout.PROGRAM_SIZE_MAX) {
    throw new RangeError("a routing program is larger than 256 MiB");
  }
  const block = encodeLz4(toDifferences(program));
  const length = (layout.PACKED_SIZE + block.length + 3) & ~3;
  if (length >= program.length) {
    return program;
  }
  const packed = new Uint8Array(length);
  const view = new DataView(packed.buffer);
  view.setUint32(layout.HEADER_MAGIC, layout.PACKED_MAGIC, true);
  view.setUint32(layout.HEADER_VERSION, layout.FORMAT_VERSION, true);
  view.setUint32(layout.HEADER_LENGTH, length, true);
  view.setUint32(layout.PACKED_UNPACKED, program.length, true);
  packed.set(block, layout.PACKED_SIZE);
  view.setUint32(layout.HEADER_CHECKSUM, checksum(packed.subarray(layout.HEADER_CHECKSUM + 4)), true);
  return packed;
}

/** Whether bytes say that they are a packed program. */
export function isPacked(bytes: Uint8Array): boolean {
  return (
    bytes.length >= layout.PACKED_SIZE &&
    new DataView(bytes.buffer, bytes.byteOffset).getUint32(layout.HEADER_MAGIC, true) === layout.PACKED_MAGIC
  );
}

/** The program of a packed one whose header is good; undefined if it is damaged. One that is not packed is its own. */
export function unpackProgram(bytes: Uint8Array): Uint8Array | undefined {
  if (!isPacked(bytes)) {
    return bytes;
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(layout.PACKED_UNPACKED, true);
  const block = bytes.subarray(layout.PACKED_SIZE);
  if (
    length < layout.HEADER_SIZE ||
    length > layout.PROGRAM_SIZE_MAX ||
    length > block.length * layout.LZ4_EXPANSION_MAX
  ) {
    return undefined;
  }
  const program = decodeLz4(block, length);
  return program !== undefined && fromDifferences(program) ? program : undefined;
}
