import fc from "fast-check";
import { expect, test } from "vitest";
import { logsReader } from "./logs-service.ts";

/** A field of bytes: its number, and what is in it. */
function field(number: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content as Uint8Array);
  const length = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest < 128) {
      break;
    }
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}

const attribute = (key: string, value: Uint8Array | string) =>
  field(6, Buffer.concat([field(1, key), field(2, field(1, value))]));

function requestOf(...records: readonly Buffer[]): Buffer {
  return field(1, field(2, Buffer.concat(records.map((record) => field(2, record)))));
}

/** 1,500 ms. */
const TIME = Buffer.from([(1 << 3) | 1, 0x00, 0x2f, 0x68, 0x59, 0, 0, 0, 0]);

test("times and texts are read, and the rest is left alone", async () => {
  const read = await logsReader();
  const record = Buffer.concat([
    TIME,
    field(5, "a body"),
    attribute("rule", "web/shop#1"),
    attribute("path", "/ü"),
  ]);
  expect(read(requestOf(record, attribute("rule", "b")))).toEqual([
    {
      at: 1_500,
      attributes: new Map([
        ["rule", "web/shop#1"],
        ["path", "/ü"],
      ]),
    },
    { at: 0, attributes: new Map([["rule", "b"]]) },
  ]);
  expect(read(Buffer.alloc(0))).toEqual([]);
});

test("bytes that are no UTF-8 cost no other sample", async () => {
  const read = await logsReader();
  const records = read(requestOf(attribute("header x", Buffer.from([0x6a, 0xff])), attribute("path", "/a")));
  expect(records.map(({ attributes }) => [...attributes])).toEqual([
    [["header x", "j\ufffd"]],
    [["path", "/a"]],
  ]);
});

test("bytes that are no message are refused, or have nothing in them", async () => {
  const read = await logsReader();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        expect(Array.isArray(read(bytes))).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});
