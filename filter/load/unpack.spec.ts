import { heapAlloc } from "../host/memory";
import { ascii } from "../host/text";
import * as layout from "../layout";
import { checksum } from "../program/hash";
import { refusal, refusalOffset } from "../program/verify/refusal";
import { decodeLz4, LZ4_SLACK } from "./lz4";
import { isPacked, unpackProgram } from "./unpack";

const input = heapAlloc(4096);
const output = heapAlloc(4096);

/** Decodes a block, given as numbers of bytes, to so many bytes. */
function decodes(block: u8[], length: u32): bool {
  for (let i = 0; i < block.length; i++) store<u8>(input + i, block[i]);
  memory.fill(output, 0xee, length + LZ4_SLACK + 1);
  const isGood = decodeLz4(input, block.length, output, length);
  // Whatever comes in, nothing is written behind the room.
  expect(load<u8>(output + length + LZ4_SLACK)).toBe(0xee);
  return isGood;
}

function isOutput(text: string): bool {
  return memory.compare(output, ascii(text), text.length) == 0;
}

describe("a block of LZ4", () => {
  it("has literals and matches", () => {
    // "abcd", then 4 from 4 before, then "e".
    expect(decodes([0x40, 0x61, 0x62, 0x63, 0x64, 4, 0, 0x10, 0x65], 9)).toBe(true);
    expect(isOutput("abcdabcde")).toBe(true);
  });

  it("repeats what it has just written, near and far", () => {
    expect(decodes([0x1f, 0x61, 1, 0, 20, 0x10, 0x62], 41)).toBe(true);
    expect(isOutput("a".repeat(40) + "b")).toBe(true);
    expect(decodes([0x35, 0x61, 0x62, 0x63, 3, 0, 0x10, 0x64], 13)).toBe(true);
    expect(isOutput("abcabcabcabcd")).toBe(true);
    expect(decodes([0x95, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 9, 0, 0x10, 0x6a], 19)).toBe(
      true,
    );
    expect(isOutput("abcdefghiabcdefghij")).toBe(true);
  });

  it("ends where it should", () => {
    const block: u8[] = [0x40, 0x61, 0x62, 0x63, 0x64, 4, 0, 0x10, 0x65];
    expect(decodes(block, 8)).toBe(false);
    expect(decodes(block, 10)).toBe(false);
    expect(decodes(block.slice(0, 8), 9)).toBe(false);
    expect(decodes(block.slice(0, 6), 9)).toBe(false);
    expect(decodes(block.slice(0, 3), 9)).toBe(false);
    expect(decodes([], 9)).toBe(false);
    expect(decodes(block.concat([0, 0, 0]), 9)).toBe(true);
    expect(decodes(block.concat([0, 0, 0, 0]), 9)).toBe(false);
  });

  it("reaches nowhere else", () => {
    // Before the start, at itself, behind the end, and lengths that go on for ever.
    expect(decodes([0x10, 0x61, 2, 0, 0x10, 0x62], 6)).toBe(false);
    expect(decodes([0x10, 0x61, 0, 0, 0x10, 0x62], 6)).toBe(false);
    expect(decodes([0x1f, 0x61, 1, 0, 255, 255, 1, 0x10, 0x62], 100)).toBe(false);
    expect(decodes([0x1f, 0x61, 1, 0, 255, 255], 100)).toBe(false);
    expect(decodes([0xf0, 255, 255, 255], 100)).toBe(false);
  });
});

function packed(length: u32, unpacked: u32): u32 {
  store<u32>(input, layout.PACKED_MAGIC, layout.HEADER_MAGIC);
  store<u32>(input, layout.FORMAT_VERSION, layout.HEADER_VERSION);
  store<u32>(input, length, layout.HEADER_LENGTH);
  store<u32>(input, unpacked, layout.PACKED_UNPACKED);
  const covered = layout.HEADER_CHECKSUM + 4;
  store<u32>(input, checksum(input + covered, length - covered), layout.HEADER_CHECKSUM);
  return length;
}

describe("a packed program", () => {
  it("takes no memory for what cannot be in it", () => {
    memory.fill(input, 0xff, 64);
    expect(unpackProgram(input, packed(64, 0xffffffff)) != 0).toBe(false);
    expect(refusal).toBe("it cannot have the length that it claims to have unpacked");
    expect(refusalOffset).toBe(layout.PACKED_UNPACKED);
    expect(unpackProgram(input, packed(64, 44 * 255 + 1)) != 0).toBe(false);
    expect(refusal).toBe("it cannot have the length that it claims to have unpacked");
    expect(unpackProgram(input, packed(64, layout.HEADER_SIZE - 4)) != 0).toBe(false);
    expect(refusal).toBe("it cannot have the length that it claims to have unpacked");
  });

  it("is refused when its block is damaged", () => {
    memory.fill(input, 0xff, 64);
    expect(unpackProgram(input, packed(64, 400)) != 0).toBe(false);
    expect(refusal).toBe("it cannot be unpacked");
  });

  it("is told by its first word", () => {
    const size = packed(64, 400);
    expect(isPacked(input, size)).toBe(true);
    expect(isPacked(input, layout.PACKED_SIZE - 1)).toBe(false);
    store<u32>(input, layout.MAGIC);
    expect(isPacked(input, size)).toBe(false);
  });
});
