/**
 * The hashes of the blob, byte for byte what `filter/program/hash.ts` computes.
 */

import * as layout from "../../../filter/layout.ts";

/** Hash of a byte string, a word at a time. */
export function hashBytes(text: Uint8Array): number {
  const length = text.length;
  let h = layout.HASH_SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word = text[at]! | (text[at + 1]! << 8) | (text[at + 2]! << 16) | (text[at + 3]! << 24);
    h = Math.imul(h ^ word, layout.HASH_PRIME);
    h ^= h >>> 15;
  }
  if (at < length) {
    let tail = text[at]!;
    if (at + 1 < length) {
      tail |= text[at + 1]! << 8;
    }
    if (at + 2 < length) {
      tail |= text[at + 2]! << 16;
    }
    h = Math.imul(h ^ tail, layout.HASH_PRIME);
    h ^= h >>> 15;
  }
  h = Math.imul(h, 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

const WORD64 = (1n << 64n) - 1n;

/** 64 bits of a byte string, for choices that should be as good as random: FNV-1a, mixed. */
export function hash64(text: Uint8Array): bigint {
  let h = 0xcbf29ce484222325n;
  for (const byte of text) {
    h = ((h ^ BigInt(byte)) * 0x100000001b3n) & WORD64;
  }
  h = ((h ^ (h >> 33n)) * 0xff51afd7ed558ccdn) & WORD64;
  h = ((h ^ (h >> 33n)) * 0xc4ceb9fe1a85ec53n) & WORD64;
  return h ^ (h >> 33n);
}

/** Hash of a string read from its end: what the filter has in hand as it walks a host name backwards. */
export function hashBackwards(text: Uint8Array): number {
  let h = layout.HASH_SEED;
  for (let at = text.length - 1; at >= 0; at--) {
    h = Math.imul(h ^ text[at]!, 0x01000193);
  }
  return (h ^ (h >>> 15)) >>> 0;
}

/** The checksum of words. `bytes.length` is a multiple of four. */
export function checksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let h = layout.CHECKSUM_SEED;
  for (let at = 0; at < bytes.length; at += 4) {
    h = Math.imul(h ^ view.getUint32(at, true), layout.HASH_PRIME);
    h ^= h >>> 15;
  }
  return h >>> 0;
}
