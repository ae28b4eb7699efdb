/**
 * Lays records and strings out in bytes. Knows how a blob is put together, not what its records mean.
 */

import { isAscii } from "node:buffer";
import * as layout from "../../../filter/layout.ts";
import { bytesAsText, isAsciiText } from "./byte-text.ts";
import { checksum } from "./hash.ts";
import { type Gap, Mover, NotMovable, type Place } from "./relocate.ts";
import type { StringGroup } from "./string-group.ts";

/** A string of the blob. `offset` counts from the start of its strings. */
export interface PooledString {
  readonly offset: number;
  readonly length: number;
}

const MAX_RECORD_WORDS = 0x00ffffff;

/** A writer, and the gap in it that another one writes. */
export interface Around {
  readonly writer: BlobWriter;
  readonly from: Place;
  readonly before: Place;
}

/** A blob in the making. Records refer only to records that were written before them. */
export class BlobWriter {
  #words = new Uint32Array(1024);
  #count = 0;
  /** Offsets of ASCII, which nearly everything is, by itself. */
  #ascii = new Map<string, number>();
  /** Of others by their bytes, each as one character: a byte is a character of another text. */
  #others = new Map<string, number>();
  /** What was appended, each byte as one character. */
  #strings: string[] = [];
  #stringsLength = 0;
  /** Records that are written once: where their words begin and 1, at the hash of their words, or behind it. */
  #shared = new Uint32Array(256);
  #sharedCount = 0;
  /** What is written stands in place of a part of another one. */
  readonly #around: Around | undefined;

  /** With `around`, what is written stands there. It throws `NotMovable` when something behind it would have to come before it. */
  constructor(around?: Around) {
    this.#around = around;
  }

  /** Where the next record and the next string go. */
  place(route: number): Place {
    const { record, string, text } = this.#around?.from ?? { record: layout.HEADER_SIZE, string: 0, text: 0 };
    return {
      record: record + this.#count * 4,
      string: string + this.#stringsLength,
      text: text + this.#strings.length,
      route,
    };
  }

  /** Puts `middle`, which was written around that gap of this one, into it. Throws `NotMovable`, and is as it was, when it cannot be. */
  fill(gap: Gap, middle: BlobWriter): void {
    const { from, before, now } = gap;
    // What is empty has the place of what comes after it: nobody can tell on which side of the gap it was written.
    const empty = this.#ascii.get("");
    if (empty !== undefined && empty >= from.string && empty <= before.string) {
      throw new NotMovable();
    }
    const wordOf = ({ record }: Place) => (record - layout.HEADER_SIZE) / 4;
    const [fromWord, beforeWord, nowWord] = [wordOf(from), wordOf(before), wordOf(now)];
    const words = new Uint32Array(nowWord + this.#count - beforeWord);
    words.set(this.#words.subarray(0, fromWord));
    words.set(middle.#words.subarray(0, middle.#count), fromWord);
    words.set(this.#words.subarray(beforeWord, this.#count), nowWord);
    new Mover(gap).records(words.subarray(nowWord));

    fillPool(this.#ascii, middle.#ascii, gap);
    fillPool(this.#others, middle.#others, gap);
    this.#strings.splice(from.text, before.text - from.text, ...middle.#strings);
    this.#stringsLength += now.string - before.string;
    this.#words = words;
    this.#count = words.length;
    const shared = [...middle.#shared].filter((known) => known !== 0).map((known) => known + fromWord);
    for (const known of this.#shared) {
      if (known > beforeWord) {
        shared.push(known - beforeWord + nowWord);
      } else if (known !== 0 && known <= fromWord) {
        shared.push(known);
      }
    }
    this.#sharedCount = shared.length;
    while (this.#sharedCount * 2 >= this.#shared.length) {
      this.#shared = new Uint32Array(this.#shared.length * 2);
    }
    this.#share(shared, this.#shared.fill(0));
  }

  /** What `write` makes of it with records and groups of strings that are forgotten afterwards. */
  aside<T>(write: (writer: BlobWriter) => T): T {
    const [count, strings, length] = [this.#count, this.#strings.length, this.#stringsLength];
    try {
      return write(this);
    } finally {
      this.#count = count;
      this.#strings.length = strings;
      this.#stringsLength = length;
    }
  }

  /** The pooled bytes of a string in UTF-8. */
  string(text: string): PooledString {
    const offset = this.#ascii.get(text);
    if (offset !== undefined) {
      return { offset, length: text.length };
    }
    return isAsciiText(text) ? this.#poolAscii(text) : this.#poolOther(bytesAsText(text));
  }

  /** The same for bytes, which may be a part of a character. */
  bytes(bytes: Uint8Array): PooledString {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    return isAscii(bytes) ? this.#poolAscii(text) : this.#poolOther(text);
  }

  /** Appends strings that lie together, and says where they begin. */
  group({ bytes }: StringGroup): number {
    return this.#append(bytes);
  }

  #poolAscii(text: string): PooledString {
    const around = this.#around?.writer;
    return this.#pool(this.#ascii, text, around === undefined ? undefined : around.#ascii.get(text));
  }

  #poolOther(text: string): PooledString {
    const around = this.#around?.writer;
    return this.#pool(this.#others, text, around === undefined ? undefined : around.#others.get(text));
  }

  /** `around`: where the text is in the writer around this one. */
  #pool(pool: Map<string, number>, text: string, around: number | undefined): PooledString {
    let offset = pool.get(text);
    if (offset === undefined && around !== undefined) {
      const { from, before } = this.#around!;
      if (around >= before.string) {
        throw new NotMovable();
      }
      offset = around < from.string ? around : undefined;
    }
    if (offset === undefined) {
      offset = this.#append(text);
      pool.set(text, offset);
    }
    return { offset, length: text.length };
  }

  #append(text: string): number {
    const offset = (this.#around?.from.string ?? 0) + this.#stringsLength;
    this.#strings.push(text);
    this.#stringsLength += text.length;
    return offset;
  }

  /** Writes a record and returns its offset. `body` is what follows the first word. */
  record(kind: number, body: ArrayLike<number>): number {
    const words = body.length + 1;
    if (words > MAX_RECORD_WORDS) {
      throw new RangeError("a record of the routing program is larger than 64 MiB");
    }
    this.#reserve(words);
    const offset = this.#firstRecord + this.#count * 4;
    this.#words[this.#count++] = (kind | (words << layout.RECORD_SIZE_SHIFT)) >>> 0;
    this.#words.set(body, this.#count);
    this.#count += body.length;
    return offset;
  }

  /** The same, but equal records are written once. */
  sharedRecord(kind: number, body: readonly number[]): number {
    if (this.#sharedCount * 2 >= this.#shared.length) {
      this.#growShared();
    }
    const first = (kind | ((body.length + 1) << layout.RECORD_SIZE_SHIFT)) >>> 0;
    let hash = first;
    for (const word of body) {
      hash = mix(hash, word);
    }
    const known = this.#sharedBefore(hash, first, body) ?? this.#sharedAt(hash, first, body);
    if (known !== undefined) {
      return known;
    }
    const mask = this.#shared.length - 1;
    let slot = hash & mask;
    while (this.#shared[slot] !== 0) {
      slot = (slot + 1) & mask;
    }
    this.#shared[slot] = this.#count + 1;
    this.#sharedCount += 1;
    return this.record(kind, body);
  }

  /** The offset of a record of the writer around this one that stands before the gap. */
  #sharedBefore(hash: number, first: number, body: readonly number[]): number | undefined {
    if (this.#around === undefined) {
      return undefined;
    }
    const { writer, from, before } = this.#around;
    const known = writer.#sharedAt(hash, first, body);
    if (known !== undefined && known >= before.record) {
      throw new NotMovable();
    }
    return known !== undefined && known < from.record ? known : undefined;
  }

  /** The offset of a shared record. */
  #sharedAt(hash: number, first: number, body: readonly number[]): number | undefined {
    const mask = this.#shared.length - 1;
    let slot = hash & mask;
    for (let known = this.#shared[slot]!; known !== 0; known = this.#shared[slot]!) {
      if (this.#isRecord(known - 1, first, body)) {
        return this.#firstRecord + (known - 1) * 4;
      }
      slot = (slot + 1) & mask;
    }
    return undefined;
  }

  get #firstRecord(): number {
    return this.#around?.from.record ?? layout.HEADER_SIZE;
  }

  #isRecord(at: number, first: number, body: readonly number[]): boolean {
    if (this.#words[at] !== first) {
      return false;
    }
    for (let i = 0; i < body.length; i++) {
      if (this.#words[at + 1 + i] !== body[i]! >>> 0) {
        return false;
      }
    }
    return true;
  }

  #growShared(): void {
    this.#share(this.#shared, new Uint32Array(this.#shared.length * 2));
  }

  /** Makes `grown`, which is empty, the table of these records, each where its words begin and 1. */
  #share(all: Iterable<number>, grown: Uint32Array<ArrayBuffer>): void {
    const mask = grown.length - 1;
    for (const known of all) {
      if (known === 0) {
        continue;
      }
      const first = this.#words[known - 1]!;
      let hash = first;
      for (let i = 0; i < (first >>> layout.RECORD_SIZE_SHIFT) - 1; i++) {
        hash = mix(hash, this.#words[known + i]!);
      }
      let slot = hash & mask;
      while (grown[slot] !== 0) {
        slot = (slot + 1) & mask;
      }
      grown[slot] = known;
    }
    this.#shared = grown;
  }

  /** Overwrites one word of a record that is already there, and that is not shared. */
  patch(record: number, at: number, value: number): void {
    this.#words[(record - this.#firstRecord + at) / 4] = value;
  }

  /** Puts everything together. `names` are those of the routes, if they have any; `header` gives further header fields. */
  finish(
    routes: readonly number[],
    names: readonly number[] | undefined,
    header: ReadonlyMap<number, number>,
  ): Uint8Array {
    const routesAt = layout.HEADER_SIZE + this.#count * 4;
    const namesAt = routesAt + routes.length * 4;
    const stringsAt = namesAt + (names?.length ?? 0) * 4;
    const length = (stringsAt + this.#stringsLength + 3) & ~3;
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    view.setUint32(layout.HEADER_MAGIC, layout.MAGIC, true);
    view.setUint32(layout.HEADER_VERSION, layout.FORMAT_VERSION, true);
    view.setUint32(layout.HEADER_LENGTH, length, true);
    view.setUint32(layout.HEADER_RECORDS, layout.HEADER_SIZE, true);
    view.setUint32(layout.HEADER_ROUTES, routesAt, true);
    view.setUint32(layout.HEADER_NAMES, names === undefined ? 0 : namesAt, true);
    view.setUint32(layout.HEADER_STRINGS, stringsAt, true);
    view.setUint32(layout.HEADER_ROUTE_COUNT, routes.length, true);
    for (const [at, value] of header) {
      view.setUint32(at, value, true);
    }
    for (let i = 0; i < this.#count; i++) {
      view.setUint32(layout.HEADER_SIZE + i * 4, this.#words[i]!, true);
    }
    for (let i = 0; i < routes.length; i++) {
      view.setUint32(routesAt + i * 4, routes[i]!, true);
    }
    for (const [i, name] of names?.entries() ?? []) {
      view.setUint32(namesAt + i * 4, name, true);
    }
    bytes.set(Buffer.from(this.#strings.join(""), "latin1"), stringsAt);
    view.setUint32(layout.HEADER_CHECKSUM, checksum(bytes.subarray(layout.HEADER_CHECKSUM + 4)), true);
    return bytes;
  }

  #reserve(words: number): void {
    if (this.#count + words <= this.#words.length) {
      return;
    }
    const grown = new Uint32Array(Math.max(this.#words.length * 2, this.#count + words));
    grown.set(this.#words.subarray(0, this.#count));
    this.#words = grown;
  }
}

/** Offsets of texts before a gap, those that were written in it, and those behind it, where they are now. */
function fillPool(pool: Map<string, number>, middle: ReadonlyMap<string, number>, gap: Gap): void {
  const { from, before, now } = gap;
  for (const [text, offset] of pool) {
    if (offset >= before.string) {
      pool.set(text, offset - before.string + now.string);
    } else if (offset >= from.string) {
      pool.delete(text);
    }
  }
  for (const [text, offset] of middle) {
    pool.set(text, offset);
  }
}

/** Of what is in low bits, all of the hash tells: tables are asked by these. */
function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, layout.HASH_PRIME);
  return mixed ^ (mixed >>> 15);
}
