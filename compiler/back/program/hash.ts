/**
 * The hashes that are in a blob, byte for byte what `filter/program/hash.ts` computes.
 */

import * as layout from "../../../filter/layout.ts";

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
