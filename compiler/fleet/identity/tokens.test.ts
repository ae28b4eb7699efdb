import { expect, test } from "vitest";
import { bearerToken, hasDigest, readTokens, TokenFileError } from "./tokens.ts";

const [OLD, NEW] = ["old-token-of-the-server", "new-token-of-the-server"];

test("a file has a token a line, so that two are good while one replaces the other", () => {
  const digests = readTokens(`# ours\n${OLD}\n\n  ${NEW}\r\n`);
  expect([OLD, NEW, "another-token-altogether", ""].map((token) => hasDigest(digests, token))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test.each([
  ["", /it has no token/],
  ["# nothing\n", /it has no token/],
  ["# ours\nsecret", /^line 2 has a token of 6 characters/],
  [`${OLD} and more`, /^line 1 has characters that a token cannot have$/],
  ["tökenwithsomewordsinit", /^line 1 has characters that a token cannot have$/],
])("%j is refused, without a word of it", (text, why) => {
  expect(() => readTokens(text)).toThrow(TokenFileError);
  expect(() => readTokens(text)).toThrow(why);
});

test.each([
  [undefined, undefined],
  ["", undefined],
  ["Basic abc", undefined],
  ["Bearer", undefined],
  ["Bearer a b", undefined],
  ["bearer abc", "abc"],
  ["Bearer  abc ", "abc"],
])("%j has the token %j", (header, token) => {
  expect(bearerToken(header)).toBe(token);
});
