/**
 * Tables of strings in a blob, with room for the hashes and buckets that the filter makes of them.
 */

import * as layout from "../../../filter/layout.ts";
import type { BlobWriter } from "./writer.ts";

const ENTRY_WORDS = layout.TABLE_ENTRY_SIZE / 4;

/** Writes a table of string → value and returns its offset, 0 for an empty one. Deterministic in the map's order. */
export function writeTable(writer: BlobWriter, kind: number, values: ReadonlyMap<string, number>): number {
  const entries = new TableEntries();
  for (const [text, value] of values) {
    const { offset, length } = writer.string(text);
    entries.add(offset, length, value);
  }
  return entries.write(writer, kind);
}

/** The entries of a table of strings, none of which is there twice. */
export class TableEntries {
  #words = new Uint32Array(8 * ENTRY_WORDS);
  #count = 0;

  /** `offset` and `length` are of a string of the blob. */
  add(offset: number, length: number, value: number): void {
    const at = this.#count * ENTRY_WORDS;
    if (at === this.#words.length) {
      const grown = new Uint32Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[at + layout.ENTRY_STRING / 4] = offset;
    this.#words[at + layout.ENTRY_LENGTH / 4] = length;
    this.#words[at + layout.ENTRY_VALUE / 4] = value;
    this.#count += 1;
  }

  /** Writes the table and returns its offset, 0 for an empty one. */
  write(writer: BlobWriter, kind: number): number {
    const count = this.#count;
    if (count === 0) {
      return 0;
    }
    let buckets = 1;
    while (buckets < count) {
      buckets *= 2;
    }
    const starts = buckets + 1;
    const body = new Uint32Array(2 + starts + count * ENTRY_WORDS);
    body[0] = count;
    body[1] = buckets - 1;
    body.set(this.#words.subarray(0, count * ENTRY_WORDS), 2 + starts);
    return writer.record(kind, body);
  }
}
