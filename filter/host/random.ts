/**
 * Dice for splits and percentages: xorshift128+, seeded once for each VM. Not for secrets.
 */

import { now } from "./clock";
import { random_get } from "./wasi";

let s0: u64 = 0;
let s1: u64 = 0;

/** Seeds from the host's randomness, and from its clock in case that has none to give. */
export function seedRandom(): void {
  const seed = memory.data(16);
  random_get(seed, 16);
  s0 = load<u64>(seed) ^ 0x9e3779b97f4a7c15;
  s1 = load<u64>(seed, 8) ^ now();
  if (!(s0 | s1)) s1 = 1;
}

/** Seeds with known numbers, for tests. */
export function seedRandomWith(a: u64, b: u64): void {
  s0 = a;
  s1 = b | 1;
}

/** 64 random bits. */
export function random(): u64 {
  let x = s0;
  const y = s1;
  s0 = y;
  x ^= x << 23;
  s1 = x ^ y ^ (x >> 17) ^ (y >> 26);
  return s1 + y;
}

/** True in `perMillion` of a million calls. */
export function chance(perMillion: u32): bool {
  return ((random() >> 32) * 1000000) >> 32 < <u64>perMillion;
}
