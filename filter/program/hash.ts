/**
 * Hashes. Those of tables are the filter's own; the checksum and the hash of 64 bits are computed by the encoder, too
 * (`compiler/back/program/hash.ts`): a change of them is a change of the blob's format.
 */

import * as layout from "../layout";

/** Hash of a byte string, a word at a time. */
export function hashBytes(text: usize, length: i32): u32 {
  let h: u32 = layout.HASH_SEED ^ length;
  let rest = length;
  while (rest >= 4) {
    h = (h ^ load<u32>(text)) * layout.HASH_PRIME;
    h ^= h >>> 15;
    text += 4;
    rest -= 4;
  }
  if (rest) {
    let tail: u32 = load<u8>(text);
    if (rest > 1) tail |= (<u32>load<u8>(text, 1)) << 8;
    if (rest > 2) tail |= (<u32>load<u8>(text, 2)) << 16;
    h = (h ^ tail) * layout.HASH_PRIME;
    h ^= h >>> 15;
  }
  h *= 0x85ebca6b;
  return h ^ (h >>> 13);
}

/** 64 bits of a byte string, for choices that should be as good as random: FNV-1a, mixed. */
export function hash64(text: usize, length: i32): u64 {
  let h: u64 = 0xcbf29ce484222325;
  for (let i = 0; i < length; i++) h = (h ^ <u64>load<u8>(text + i)) * 0x100000001b3;
  return mix64(h);
}

/** Spreads every bit over all of them (MurmurHash3's finalizer). */
export function mix64(h: u64): u64 {
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 33);
}

/** One step of the hash that grows from a string's end towards its start, for suffixes of host names. */
export function hashStep(h: u32, byte: u32): u32 {
  return (h ^ byte) * 0x01000193;
}

/** Spreads the steps over all bits. */
export function hashFinish(h: u32): u32 {
  return h ^ (h >>> 15);
}

/** Sees every change of a single word, and nearly every other one. `length` is a multiple of four. */
export function checksum(start: usize, length: usize): u32 {
  let h: u32 = layout.CHECKSUM_SEED;
  const end = start + length;
  for (let at = start; at < end; at += 4) {
    h = (h ^ load<u32>(at)) * layout.HASH_PRIME;
    h ^= h >>> 15;
  }
  return h;
}
