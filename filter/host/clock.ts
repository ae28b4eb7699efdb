/**
 * Time that never jumps, for deadlines. The ABI's own clock is the wall clock.
 */

import { clock_time_get } from "./wasi";

const MONOTONIC: u32 = 1;
const result = memory.data(8, 8);

/** Monotonic nanoseconds. */
export function now(): u64 {
  clock_time_get(MONOTONIC, 0, result);
  return load<u64>(result);
}
