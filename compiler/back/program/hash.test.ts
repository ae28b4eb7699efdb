import { describe, expect, test } from "vitest";
import { checksum, hashBackwards, hashBytes } from "./hash.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

// The same numbers stand in filter/program/hash.spec.ts: both sides must agree on them for ever.
describe("hashes", () => {
  test("cover every length of the last word", () => {
    expect(hashBytes(bytes(""))).toBe(102724469);
    expect(hashBytes(bytes("/"))).toBe(365302552);
    expect(hashBytes(bytes("abcd"))).toBe(1536494654);
    expect(hashBytes(bytes("abcdefg"))).toBe(1090779818);
    expect(hashBytes(bytes("/products/42"))).toBe(782868527);
  });

  test("go backwards, too", () => {
    expect(hashBackwards(bytes(".example"))).toBe(2072262440);
  });

  test("sum words up", () => {
    expect(checksum(bytes("abcdefgh"))).toBe(660035683);
  });
});
