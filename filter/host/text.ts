/**
 * Byte strings: constants for hostcalls, and comparisons.
 */

import { heapAlloc } from "./memory";

/** The bytes of an ASCII constant, made once when the module starts. */
export function ascii(text: string): usize {
  const at = heapAlloc(text.length);
  for (let i = 0; i < text.length; i++) store<u8>(at + i, <u8>text.charCodeAt(i));
  return at;
}

/** Whether two byte strings of one length are equal. */
export function equalBytes(a: usize, b: usize, length: i32): bool {
  while (length >= 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
    length -= 8;
  }
  if (length & 4) {
    if (load<u32>(a) != load<u32>(b)) return false;
    a += 4;
    b += 4;
  }
  if (length & 2) {
    if (load<u16>(a) != load<u16>(b)) return false;
    a += 2;
    b += 2;
  }
  return !(length & 1) || load<u8>(a) == load<u8>(b);
}

/** ASCII lower case. */
export function lowerByte(byte: u32): u32 {
  return byte - 65 < 26 ? byte | 32 : byte;
}

/** Copies ASCII text in lower case. */
export function copyLower(to: usize, from: usize, length: i32): void {
  for (let i = 0; i < length; i++) store<u8>(to + i, <u8>lowerByte(load<u8>(from + i)));
}
