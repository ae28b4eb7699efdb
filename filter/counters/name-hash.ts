/**
 * What a VM knows the name of a statistic by: SipHash-1-3 of it with a key of the VM's own. Names are long, and many; of a
 * hundred thousand, two have the same hash in one of four billion VMs, and nobody who writes rules can look for such names.
 */

import { random_get } from "../host/wasi";

const key = memory.data(16, 8);
let isKeyed: bool = false;

let v0: u64 = 0;
let v1: u64 = 0;
let v2: u64 = 0;
let v3: u64 = 0;

/** Of bytes; never 0. */
export function hashName(text: usize, length: u32): u64 {
  if (!isKeyed) {
    random_get(key, 16);
    isKeyed = true;
  }
  const k0 = load<u64>(key);
  const k1 = load<u64>(key, 8);
  v0 = k0 ^ 0x736f6d6570736575;
  v1 = k1 ^ 0x646f72616e646f6d;
  v2 = k0 ^ 0x6c7967656e657261;
  v3 = k1 ^ 0x7465646279746573;
  const end = text + (length & ~7);
  for (; text < end; text += 8) absorb(load<u64>(text));
  let rest: u64 = (<u64>length) << 56;
  for (let i: u32 = 0; i < (length & 7); i++) rest |= (<u64>load<u8>(text + i)) << (i << 3);
  absorb(rest);
  v2 ^= 0xff;
  round();
  round();
  round();
  const hash = v0 ^ v1 ^ v2 ^ v3;
  return hash ? hash : 1;
}

function absorb(word: u64): void {
  v3 ^= word;
  round();
  v0 ^= word;
}

function round(): void {
  v0 += v1;
  v1 = rotl<u64>(v1, 13) ^ v0;
  v0 = rotl<u64>(v0, 32);
  v2 += v3;
  v3 = rotl<u64>(v3, 16) ^ v2;
  v0 += v3;
  v3 = rotl<u64>(v3, 21) ^ v0;
  v2 += v1;
  v1 = rotl<u64>(v1, 17) ^ v2;
  v2 = rotl<u64>(v2, 32);
}
