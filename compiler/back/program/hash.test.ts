import { expect, test } from "vitest";
import { checksum, hash64 } from "./hash.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

// The same numbers stand in filter/program/hash.spec.ts: both sides must agree on them for ever.
test("the checksum sums words up", () => {
  expect(checksum(bytes("abcdefgh"))).toBe(660035683);
});

test("the hash of 64 bits covers every byte", () => {
  expect(hash64(bytes(""))).toBe(17280346270528514342n);
  expect(hash64(bytes("/products/42"))).toBe(11264357845837389012n);
});
