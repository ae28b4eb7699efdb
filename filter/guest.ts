/**
 * The configuration that Istio's WasmPlugin and Envoy Gateway's EnvoyExtensionPolicy hand over: JSON, since they know
 * nothing else, with the program in base64 (RFC 4648, of either alphabet):
 *
 *     { "program": "U0xVQw…" }
 *
 * In such an Envoy others write the routes. The filter is a guest there: it names no cluster, and lets go on what none
 * of its rules is for.
 */

import { ascii, equalBytes, lengthOf } from "./host/text";

const KEY = ascii('"program"');

/** Whether a configuration is JSON and not a program. */
export function isGuestConfiguration(text: usize, size: u32): bool {
  const at = passBlank(text, text + size);
  return at < text + size && load<u8>(at) == 0x7b /* { */;
}

/** Puts the program in the place of the text; its length in bytes, 0 when there is none that could be read. */
export function decodeGuestProgram(text: usize, size: u32): u32 {
  const end = text + size;
  const keyLength = lengthOf(KEY);
  let at = text;
  while (at + keyLength <= end && !equalBytes(at, KEY, keyLength)) at++;
  if (at + keyLength > end) return 0;
  at = passBlank(at + keyLength, end);
  if (at == end || load<u8>(at) != 0x3a /* : */) return 0;
  at = passBlank(at + 1, end);
  if (at == end || load<u8>(at) != 0x22 /* " */) return 0;
  at++;

  let to = text;
  let bits: u32 = 0;
  let count: u32 = 0;
  for (; at < end; at++) {
    const byte = <u32>load<u8>(at);
    if (byte == 0x22 || byte == 0x3d /* = */) return <u32>(to - text);
    const value = digit(byte);
    if (value > 63) return 0;
    bits = (bits << 6) | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      store<u8>(to, <u8>(bits >> count));
      to++;
    }
  }
  return 0;
}

function digit(byte: u32): u32 {
  if (byte - 65 < 26) return byte - 65;
  if (byte - 97 < 26) return byte - 71;
  if (byte - 48 < 10) return byte + 4;
  if (byte == 0x2b /* + */ || byte == 0x2d /* - */) return 62;
  if (byte == 0x2f /* / */ || byte == 0x5f /* _ */) return 63;
  return 64;
}

function passBlank(at: usize, end: usize): usize {
  while (at < end) {
    const byte = load<u8>(at);
    if (byte != 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d) break;
    at++;
  }
  return at;
}
