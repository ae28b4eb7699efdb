/**
 * Lays records and strings out in bytes. Knows how a blob is put together, not what its records mean.
 */

import {
  FORMAT_VERSION,
  HEADER_CHECKSUM,
  HEADER_LENGTH,
  HEADER_MAGIC,
  HEADER_RECORDS,
  HEADER_ROUTE_COUNT,
  HEADER_ROUTES,
  HEADER_SIZE,
  HEADER_STRINGS,
  HEADER_VERSION,
  MAGIC,
  RECORD_SIZE_SHIFT,
} from "../../filter/layout.ts";
import { checksum } from "./hash.ts";

/** A string of the blob. `offset` counts from the start of its strings. */
export interface PooledString {
  readonly offset: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

const MAX_RECORD_WORDS = 0x00ffffff;

/** A blob in the making. Records refer only to records that were written before them. */
export class BlobWriter {
  #words = new Uint32Array(1024);
  #count = 0;
  /** By their bytes, each as one character. */
  readonly #strings = new Map<string, PooledString>();
  readonly #chunks: Uint8Array[] = [];
  #stringsLength = 0;
  readonly #encoder = new TextEncoder();
  /** Records whose content was written already, by content. */
  readonly #shared = new Map<string, number>();

  /** The pooled bytes of a string in UTF-8. */
  string(text: string): PooledString {
    // ASCII, which nearly everything is, is its own key.
    if (Buffer.byteLength(text) !== text.length) return this.bytes(this.#encoder.encode(text));
    return this.#strings.get(text) ?? this.#add(text, Buffer.from(text, "latin1"));
  }

  /** The same for bytes, which may be a part of a character. */
  bytes(bytes: Uint8Array): PooledString {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    return this.#strings.get(key) ?? this.#add(key, bytes);
  }

  #add(key: string, bytes: Uint8Array): PooledString {
    const pooled: PooledString = { offset: this.#stringsLength, length: bytes.length, bytes };
    this.#strings.set(key, pooled);
    this.#chunks.push(bytes);
    this.#stringsLength += bytes.length;
    return pooled;
  }

  /** Writes a record and returns its offset. `body` is what follows the first word. */
  record(kind: number, body: ArrayLike<number>): number {
    const words = body.length + 1;
    if (words > MAX_RECORD_WORDS)
      throw new RangeError("a record of the routing program is larger than 64 MiB");
    this.#reserve(words);
    const offset = HEADER_SIZE + this.#count * 4;
    this.#words[this.#count++] = (kind | (words << RECORD_SIZE_SHIFT)) >>> 0;
    this.#words.set(body, this.#count);
    this.#count += body.length;
    return offset;
  }

  /** The same, but equal records are written once. */
  sharedRecord(kind: number, body: readonly number[]): number {
    const key = `${kind}:${body.join(",")}`;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const offset = this.record(kind, body);
    this.#shared.set(key, offset);
    return offset;
  }

  /** Overwrites one word of a record that is already there. */
  patch(record: number, at: number, value: number): void {
    this.#words[(record - HEADER_SIZE + at) / 4] = value;
  }

  /** Puts everything together. `header` gives further header fields. */
  finish(routes: readonly number[], header: ReadonlyMap<number, number>): Uint8Array {
    const routesAt = HEADER_SIZE + this.#count * 4;
    const stringsAt = routesAt + routes.length * 4;
    const length = (stringsAt + this.#stringsLength + 3) & ~3;
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    view.setUint32(HEADER_MAGIC, MAGIC, true);
    view.setUint32(HEADER_VERSION, FORMAT_VERSION, true);
    view.setUint32(HEADER_LENGTH, length, true);
    view.setUint32(HEADER_RECORDS, HEADER_SIZE, true);
    view.setUint32(HEADER_ROUTES, routesAt, true);
    view.setUint32(HEADER_STRINGS, stringsAt, true);
    view.setUint32(HEADER_ROUTE_COUNT, routes.length, true);
    for (const [at, value] of header) view.setUint32(at, value, true);
    for (let i = 0; i < this.#count; i++) view.setUint32(HEADER_SIZE + i * 4, this.#words[i]!, true);
    for (let i = 0; i < routes.length; i++) view.setUint32(routesAt + i * 4, routes[i]!, true);
    let at = stringsAt;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    view.setUint32(HEADER_CHECKSUM, checksum(bytes.subarray(HEADER_CHECKSUM + 4)), true);
    return bytes;
  }

  #reserve(words: number): void {
    if (this.#count + words <= this.#words.length) return;
    const grown = new Uint32Array(Math.max(this.#words.length * 2, this.#count + words));
    grown.set(this.#words.subarray(0, this.#count));
    this.#words = grown;
  }
}
