/**
 * Byte strings: constants for hostcalls, and comparisons.
 */

import { heapAlloc } from "./memory";

/** Keeps the bytes behind it aligned. */
const LENGTH_SIZE: usize = 8;

/** The bytes of an ASCII constant, made once when the module starts. Their number stands before them. */
export function ascii(text: string): usize {
  const at = heapAlloc(LENGTH_SIZE + text.length) + LENGTH_SIZE;
  store<i32>(at - LENGTH_SIZE, text.length);
  for (let i = 0; i < text.length; i++) store<u8>(at + i, <u8>text.charCodeAt(i));
  return at;
}

/** How many bytes a constant of `ascii` has. */
export function lengthOf(constant: usize): i32 {
  return load<i32>(constant - LENGTH_SIZE);
}

/** Whether a byte string is a constant of `ascii`. */
export function equalsConstant(text: usize, length: i32, constant: usize): bool {
  return length == lengthOf(constant) && equalBytes(text, constant, length);
}

/** Whether a byte string begins with a constant of `ascii`, which is not empty. */
export function beginsWith(text: usize, length: i32, constant: usize): bool {
  const wanted = lengthOf(constant);
  // The first byte tells most of them apart without a call.
  return length >= wanted && load<u8>(text) == load<u8>(constant) && equalBytes(text, constant, wanted);
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
function lowerByte(byte: u32): u32 {
  return byte - 65 < 26 ? byte | 32 : byte;
}

/** Copies ASCII text in lower case. */
export function copyLower(to: usize, from: usize, length: i32): void {
  for (let i = 0; i < length; i++) store<u8>(to + i, <u8>lowerByte(load<u8>(from + i)));
}
