import { expect, test } from "vitest";
import { memory } from "./memory.ts";

const read = (text: string) =>
  memory.read(text, (message) => {
    throw new Error(message);
  });

test.each([
  ["512MiB", 512 * 1024 ** 2],
  ["512Mi", 512 * 1024 ** 2],
  ["2GiB", 2 * 1024 ** 3],
  ["1Gi", 1024 ** 3],
  ["0", 0],
])("%s is %d bytes", (text, bytes) => {
  expect(read(text)).toBe(bytes);
  expect(memory.accepts(bytes)).toBe(true);
  expect(read(memory.show!(bytes))).toBe(bytes);
});

test.each(["", "512", "512MB", "-1MiB", "1.5GiB", "0MiB", "9999999999MiB", "999999999GiB", "MiB", "1KiB"])(
  "%j is not a size, and it is said what is one",
  (text) => {
    expect(() => read(text)).toThrow(/512MiB/);
  },
);

test.each([1, -1, 1.5 * 1024 ** 2 + 0.5, Number.NaN, "512MiB", 2 ** 60])(
  "a program may not give %j",
  (value) => {
    expect(memory.accepts(value)).toBe(false);
  },
);
