/**
 * Hash tables of strings in a blob.
 */

import { hashBytes } from "./hash.ts";
import type { BlobWriter } from "./writer.ts";

/** Writes a table of string → value and returns its offset, 0 for an empty one. Deterministic in the map's order. */
export function writeTable(
  writer: BlobWriter,
  kind: number,
  values: ReadonlyMap<string, number>,
  hash: (text: Uint8Array) => number = hashBytes,
): number {
  const count = values.size;
  if (count === 0) {
    return 0;
  }
  let buckets = 1;
  while (buckets < count) {
    buckets *= 2;
  }
  const mask = buckets - 1;

  const hashes = new Uint32Array(count);
  const starts = new Uint32Array(buckets + 1);
  const pooled = [...values.keys()].map((text) => writer.string(text));
  for (let i = 0; i < count; i++) {
    const value = hash(pooled[i]!.bytes);
    hashes[i] = value;
    starts[(value & mask) + 1]!++;
  }
  for (let b = 0; b < buckets; b++) {
    starts[b + 1]! += starts[b]!;
  }

  const body = new Uint32Array(2 + buckets + 1 + count * 4);
  body[0] = count;
  body[1] = mask;
  body.set(starts, 2);
  const next = starts.slice();
  let i = 0;
  for (const value of values.values()) {
    const entry = 3 + buckets + next[hashes[i]! & mask]!++ * 4;
    body[entry] = hashes[i]!;
    body[entry + 1] = pooled[i]!.offset;
    body[entry + 2] = pooled[i]!.length;
    body[entry + 3] = value;
    i++;
  }
  return writer.record(kind, body);
}
