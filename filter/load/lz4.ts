/**
 * Decodes a block of LZ4 (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md). Nothing that comes in is
 * trusted: it reads and writes within the bounds that it is given, or says that the block is damaged.
 */

/** Copies go by eight bytes where they may: the output needs so much room behind its end. */
export const LZ4_SLACK: u32 = 8;
const MIN_MATCH: u32 = 4;
/** A length of four bits that is full goes on in the bytes that follow. */
const LENGTH_GOES_ON: u32 = 15;

/** Where the input is read next; 0 when a length ended outside. */
let input: usize = 0;

/** Whether a block decodes to `length` bytes exactly. Bytes that are left over in the input are padding, at most three. */
export function decodeLz4(from: usize, fromSize: u32, to: usize, length: u32): bool {
  const fromEnd = from + fromSize;
  const start = to;
  const end = to + length;
  input = from;
  while (input < fromEnd) {
    const token = <u32>load<u8>(input++);
    const literals = lengthOf(token >> 4, fromEnd);
    if (!input || literals > <u32>(fromEnd - input) || literals > <u32>(end - to)) return false;
    copyLiterals(to, input, literals, fromEnd);
    input += literals;
    to += literals;
    if (to == end) return fromEnd - input < 4;
    if (fromEnd - input < 2) return false;
    const distance = <u32>load<u16>(input);
    input += 2;
    const more = lengthOf(token & LENGTH_GOES_ON, fromEnd);
    if (!input || !distance || distance > <u32>(to - start)) return false;
    const room = <u32>(end - to);
    if (more > room || more + MIN_MATCH > room) return false;
    copyMatch(to, distance, more + MIN_MATCH);
    to += more + MIN_MATCH;
  }
  return false;
}

function lengthOf(bits: u32, end: usize): u32 {
  if (bits < LENGTH_GOES_ON) return bits;
  let at = input;
  let length = bits;
  let byte: u32;
  do {
    // No length is so large that it could wrap: the input is shorter than 2 ** 24 times 255.
    if (at >= end || length > 0x7fffffff) {
      input = 0;
      return 0;
    }
    byte = load<u8>(at++);
    length += byte;
  } while (byte == 255);
  input = at;
  return length;
}

function copyLiterals(to: usize, from: usize, length: u32, fromEnd: usize): void {
  if (length > 16 || fromEnd - from < 16) {
    memory.copy(to, from, length);
    return;
  }
  store<u64>(to, load<u64>(from));
  if (length > 8) store<u64>(to, load<u64>(from, 8), 8);
}

/** Source and target may overlap: what was just written is read again. */
function copyMatch(to: usize, distance: u32, length: u32): void {
  const end = to + length;
  let from = to - distance;
  if (distance >= 8) {
    for (; to < end; to += 8, from += 8) store<u64>(to, load<u64>(from));
    return;
  }
  // What repeats is doubled with each copy.
  let span = distance;
  while (to < end) {
    const part = min(span, <u32>(end - to));
    memory.copy(to, from, part);
    to += part;
    span += part;
  }
}
