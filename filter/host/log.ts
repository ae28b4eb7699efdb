/**
 * Lines for Envoy's log, put together in a fixed buffer: logging must work when memory does not.
 */

import { proxy_log } from "@solo-io/proxy-runtime/assembly/imports";

export const LOG_ERROR: usize = 4;
export const LOG_CRITICAL: usize = 5;

const CAPACITY: i32 = 512;
const line = memory.data(CAPACITY);
let length: i32 = 0;

/** Appends ASCII text; what does not fit is cut off. */
export function logText(text: string): void {
  for (let i = 0; i < text.length && length < CAPACITY; i++) {
    store<u8>(line + length++, <u8>text.charCodeAt(i));
  }
}

/** Appends a number. */
export function logNumber(value: u32): void {
  let digits = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits++;
  if (length + digits > CAPACITY) return;
  length += digits;
  for (let at = line + length - 1; digits > 0; digits--, at--) {
    store<u8>(at, <u8>(48 + (value % 10)));
    value /= 10;
  }
}

/** Sends the line and begins a new one. */
export function logSend(level: usize): void {
  proxy_log(level, line, length);
  length = 0;
}
