/**
 * Time that never jumps, for deadlines. The ABI's own clock is the wall clock.
 */

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "clock_time_get")
declare function clock_time_get(id: u32, precision: u64, result: usize): u32;

const MONOTONIC: u32 = 1;
const result = memory.data(8, 8);

/** Monotonic nanoseconds. */
export function now(): u64 {
  clock_time_get(MONOTONIC, 0, result);
  return load<u64>(result);
}
