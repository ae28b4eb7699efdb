/**
 * Blocks of LZ4 (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md): one hash table of what was seen last,
 * the first match that is found is taken. The same bytes give the same block.
 */

const MIN_MATCH = 4;
const MAX_DISTANCE = 0xffff;
/** A length of four bits that is full goes on in the bytes that follow. */
const LENGTH_GOES_ON = 15;
/** The format wants the last bytes of a block to be literals, and no match to begin close to them. */
const LAST_LITERALS = 5;
const LAST_MATCH_BEGINS = 12;
const HASH_BITS = 16;

/** A block, without the length that it has decoded. */
export function encodeLz4(bytes: Uint8Array): Uint8Array {
  const output = new Uint8Array(bytes.length + Math.ceil(bytes.length / 255) + 16);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const seen = new Int32Array(1 << HASH_BITS).fill(-1);
  const matchLimit = bytes.length - LAST_LITERALS;
  const lastBegin = bytes.length - LAST_MATCH_BEGINS;
  let written = 0;

  const putLength = (length: number) => {
    let rest = length - LENGTH_GOES_ON;
    for (; rest >= 255; rest -= 255) {
      output[written++] = 255;
    }
    output[written++] = rest;
  };
  const putLiterals = (from: number, to: number, matchBits: number) => {
    const length = to - from;
    output[written++] = (Math.min(length, LENGTH_GOES_ON) << 4) | matchBits;
    if (length >= LENGTH_GOES_ON) {
      putLength(length);
    }
    if (length > 32) {
      output.set(bytes.subarray(from, to), written);
      written += length;
    } else {
      for (let at = from; at < to; at++) {
        output[written++] = bytes[at]!;
      }
    }
  };

  let anchor = 0;
  for (let at = 0; at <= lastBegin; ) {
    const word = view.getUint32(at, true);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = seen[slot]!;
    seen[slot] = at;
    if (candidate < 0 || at - candidate > MAX_DISTANCE || view.getUint32(candidate, true) !== word) {
      // What is not found for long is looked for less often.
      at += 1 + ((at - anchor) >> 6);
      continue;
    }
    let end = at + MIN_MATCH;
    for (let other = candidate + MIN_MATCH; end < matchLimit && bytes[end] === bytes[other]; ) {
      end++;
      other++;
    }
    const more = end - at - MIN_MATCH;
    putLiterals(anchor, at, Math.min(more, LENGTH_GOES_ON));
    output[written++] = (at - candidate) & 0xff;
    output[written++] = (at - candidate) >> 8;
    if (more >= LENGTH_GOES_ON) {
      putLength(more);
    }
    at = end;
    anchor = end;
    if (end - 2 <= lastBegin) {
      seen[Math.imul(view.getUint32(end - 2, true), 0x9e3779b1) >>> (32 - HASH_BITS)] = end - 2;
    }
  }
  putLiterals(anchor, bytes.length, 0);
  return output.subarray(0, written);
}

/** What a block decodes to, if that is `length` bytes; what is left over of the block is padding. */
export function decodeLz4(block: Uint8Array, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  let read = 0;
  let written = 0;
  const lengthOf = (bits: number) => {
    let sum = bits;
    if (bits === LENGTH_GOES_ON) {
      let byte: number;
      do {
        byte = block[read++] ?? 0;
        sum += byte;
      } while (byte === 255);
    }
    return sum;
  };
  while (read < block.length) {
    const token = block[read++]!;
    const literals = lengthOf(token >> 4);
    if (read + literals > block.length || written + literals > length) {
      return undefined;
    }
    bytes.set(block.subarray(read, read + literals), written);
    read += literals;
    written += literals;
    if (written === length) {
      return block.length - read < 4 ? bytes : undefined;
    }
    if (read + 2 > block.length) {
      return undefined;
    }
    const distance = block[read]! | (block[read + 1]! << 8);
    read += 2;
    const match = lengthOf(token & LENGTH_GOES_ON) + MIN_MATCH;
    if (distance === 0 || distance > written || written + match > length) {
      return undefined;
    }
    for (const end = written + match; written < end; written++) {
      bytes[written] = bytes[written - distance]!;
    }
  }
  return undefined;
}
