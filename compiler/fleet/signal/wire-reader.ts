/**
 * Reads protobuf's bytes field by field, without making an object of anything: a report of a thousand statistics has some ten
 * thousand fields, and two hundred such reports may come in a second.
 *
 * https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** A longer varint is of a number of 64 bits, of which nothing here is more than skipped. */
const MOST_SHIFT = 28;

export class WireReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;
  /** Of the field that `next` gave last. */
  #type = VARINT;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where all of it ends. */
  get end(): number {
    return this.#bytes.length;
  }

  /** The number of the next field, which has to be read or skipped; 0 where the message ends. */
  next(end: number): number {
    if (this.#at === end) {
      return 0;
    }
    const tag = this.varint();
    this.#type = tag & 7;
    const field = tag >>> 3;
    if (this.#at > end || field === 0) {
      throw broken();
    }
    return field;
  }

  skip(): void {
    switch (this.#type) {
      case VARINT:
        this.#skipVarint();
        break;
      case FIXED64:
        this.#step(8);
        break;
      case LENGTH_DELIMITED:
        this.#at = this.message();
        break;
      case FIXED32:
        this.#step(4);
        break;
      default:
        throw broken();
    }
  }

  /** Where the message ends whose fields come now. */
  message(): number {
    this.#expect(LENGTH_DELIMITED);
    const length = this.varint();
    const end = this.#at + length;
    if (end > this.#bytes.length) {
      throw broken();
    }
    return end;
  }

  text(): string {
    const end = this.message();
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end;
    return text;
  }

  /** `fixed64`; exact up to 2^53. */
  unsigned64(): number {
    this.#expect(FIXED64);
    const at = this.#step(8);
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  /** `sfixed64`; exact up to 2^53. */
  signed64(): number {
    this.#expect(FIXED64);
    const at = this.#step(8);
    return this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  double(): number {
    this.#expect(FIXED64);
    return this.#view.getFloat64(this.#step(8), true);
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift <= MOST_SHIFT; shift += 7) {
      const byte = this.#bytes[this.#step(1)]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        return value >>> 0;
      }
    }
    throw broken();
  }

  #skipVarint(): void {
    let byte = 0x80;
    while (byte >= 0x80) {
      byte = this.#bytes[this.#step(1)]!;
    }
  }

  #expect(type: number): void {
    if (this.#type !== type) {
      throw broken();
    }
  }

  /** Goes on by so many bytes. Gives where they begin. */
  #step(bytes: number): number {
    const at = this.#at;
    this.#at += bytes;
    if (this.#at > this.#bytes.length) {
      throw broken();
    }
    return at;
  }
}

function broken(): Error {
  return new Error("the report is not a message that can be read");
}
