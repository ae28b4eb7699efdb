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
  seedRandomWith(load<u64>(seed) ^ 0x9e3779b97f4a7c15, load<u64>(seed, 8) ^ now());
}

/** Seeds with two numbers; the dice would stand still if both were 0. */
export function seedRandomWith(a: u64, b: u64): void {
  s0 = a;
  s1 = a | b ? b : 1;
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
