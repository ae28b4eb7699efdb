import { expect, test } from "vitest";
import { parseRateLimits } from "./rate-limits.ts";

const second = { periodMs: 1_000 };

test.each([
  ["100/s", [{ requests: 100, burst: 100, ...second }]],
  ["100/s burst 50", [{ requests: 100, burst: 50, ...second }]],
  [
    "  600/m   by client-address ",
    [{ requests: 600, periodMs: 60_000, burst: 600, by: { kind: "clientAddress" } }],
  ],
  [
    "1/h burst 3 by header:X-Api-Key",
    [{ requests: 1, periodMs: 3_600_000, burst: 3, by: { kind: "header", name: "x-api-key" } }],
  ],
  ["1/s by claim:sub", [{ requests: 1, burst: 1, by: { kind: "claim", path: ["sub"] }, ...second }]],
  ["1/s by claim:a.B", [{ requests: 1, burst: 1, by: { kind: "claim", path: ["a", "B"] }, ...second }]],
  [
    "a: 1/s by claim:[https://a.example/plan][b]",
    [
      {
        rule: "a",
        requests: 1,
        burst: 1,
        by: { kind: "claim", path: ["https://a.example/plan", "b"] },
        ...second,
      },
    ],
  ],
  [
    "checkout: 10/s; *: 100/s;",
    [
      { rule: "checkout", requests: 10, burst: 10, ...second },
      { rule: "*", requests: 100, burst: 100, ...second },
    ],
  ],
  [
    "a: b c: 10/s by header:x\n100/s\n",
    [
      { rule: "a: b c", requests: 10, burst: 10, by: { kind: "header", name: "x" }, ...second },
      { requests: 100, burst: 100, ...second },
    ],
  ],
])("%j", (text, limits) => {
  expect(parseRateLimits(text)).toEqual({ limits });
});

test.each([
  ["", ["no limit is given"]],
  [" ; ", ["no limit is given"]],
  ["fast", ['"fast" does not begin with a rate']],
  ["checkout: fast", ['"fast" does not begin with a rate']],
  ["100", ['"100" does not begin with a rate']],
  ["1.5/s", ['"1.5/s" does not begin with a rate']],
  ["-1/s", ['"-1/s" does not begin with a rate']],
  ["100/d", ['"d" is not a unit of rates: use s, m or h']],
  ["100/toString", ['"100/toString" does not begin with a rate']],
  ["1/constructor", ['"constructor" is not a unit of rates: use s, m or h']],
  ["0/s", ['the rate "0/s" is not one of 1 to 1000000 requests']],
  ["1000001/s", ['the rate "1000001/s" is not one of 1 to 1000000 requests']],
  [`${"9".repeat(400)}/s`, [`the rate "${"9".repeat(400)}/s" is not one of 1 to 1000000 requests`]],
  ["1/s burst", ['the burst "" is not one of 1 to 1000000 requests']],
  ["1/s burst 0", ['the burst "0" is not one of 1 to 1000000 requests']],
  ["1/s by", ['"" does not tell clients apart']],
  ["1/s by header:", ['"header:" does not tell clients apart']],
  ["1/s by header: x", ['"header:" does not tell clients apart']],
  ["1/s by claim:", ['"claim:" does not tell clients apart']],
  ["1/s by claim:a..b", ['"claim:a..b" does not tell clients apart']],
  [`1/s by claim:a${".a".repeat(32)}`, [`"claim:a${".a".repeat(32)}" does not tell clients apart`]],
  ["1/s by claim:[a", ['"claim:[a" does not tell clients apart']],
  ["1/s by cookie:id", ['"cookie:id" does not tell clients apart']],
  [
    "1/s by client-address burst 2",
    ['"burst 2" is not expected at the end of "1/s by client-address burst 2"'],
  ],
  ["a: 1/s; a: 2/s", ['two limits for rule "a"']],
  ["1/s; 2/s", ["two limits for all rules"]],
  ["1/s; *: 2/s", ['a limit for all rules together and one for each ("*") exclude each other']],
  [
    "a: 1/x; b: 0/s",
    ['"x" is not a unit of rates: use s, m or h', 'the rate "0/s" is not one of 1 to 1000000 requests'],
  ],
])("%j is refused", (text, wrong) => {
  expect(parseRateLimits(text)).toEqual({ wrong });
});
