/**
 * The two functions of WASI that the filter needs; every proxy-wasm host has them.
 */

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "clock_time_get")
export declare function clock_time_get(id: u32, precision: u64, result: usize): u32;

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "random_get")
export declare function random_get(at: usize, size: usize): u32;
