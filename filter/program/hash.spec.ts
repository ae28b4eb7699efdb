import { ascii } from "../host/text";
import { checksum, hash64, hashBytes } from "./hash";

describe("hashes", () => {
  it("cover every length of the last word", () => {
    expect(hashBytes(ascii(""), 0)).toBe(102724469);
    expect(hashBytes(ascii("/"), 1)).toBe(365302552);
    expect(hashBytes(ascii("abcd"), 4)).toBe(1536494654);
    expect(hashBytes(ascii("abcdefg"), 7)).toBe(1090779818);
    expect(hashBytes(ascii("/products/42"), 12)).toBe(782868527);
  });

  // The same numbers stand in compiler/back/program/hash.test.ts: both sides must agree on them for ever.
  it("sum words up", () => {
    expect(checksum(ascii("abcdefgh"), 8)).toBe(660035683);
  });

  it("cover every byte with 64 bits", () => {
    expect(hash64(ascii(""), 0)).toBe(17280346270528514342);
    expect(hash64(ascii("/products/42"), 12)).toBe(11264357845837389012);
  });
});
