import { expect, test } from "vitest";
import { isLocal, parseListen } from "./listening.ts";

test.each([
  ["127.0.0.1:18000", true],
  ["127.9.8.7:0", true],
  ["[::1]:18000", true],
  ["localhost:18000", true],
  ["unix:/run/sluice/ads.sock", true],
  ["0.0.0.0:18000", false],
  ["[::]:18000", false],
  ["10.0.0.1:18000", false],
  ["[::ffff:10.0.0.1]:1", false],
  ["[::ffff:127.0.0.1]:1", true],
])("%s is only for this machine: %s", (text, local) => {
  expect(isLocal(parseListen(text)!)).toBe(local);
});

test.each(["", ":18000", "18000", "example.com:18000", "127.0.0.1", "127.0.0.1:70000", "::1:80", "unix:"])(
  "%j is not an address to listen at",
  (text) => {
    expect(parseListen(text)).toBeUndefined();
  },
);
