import fc from "fast-check";
import { expect, test } from "vitest";
import { EventLines, LineTooLongError } from "./event-lines.ts";

test("lines are the same wherever the network has cut them, in the middle of a character too", () => {
  const line = fc
    .string({ unit: "grapheme", minLength: 1 })
    .filter((text) => text.trim() === text && !text.includes("\n"));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(50)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(""));
      const reader = new EventLines("pods");
      const read: string[] = [];
      let start = 0;
      for (const cut of [...cuts, bytes.length]) {
        read.push(...reader.take(bytes.subarray(start, start + cut)));
        start += cut;
      }
      expect(read).toEqual(lines);
    }),
  );
});

test("a line that does not end is refused, and not kept", () => {
  const reader = new EventLines("pods", 100);
  expect(reader.take(Buffer.from(`${"x".repeat(100)}\n${"y".repeat(60)}`))).toHaveLength(1);
  expect(() => reader.take(Buffer.from("y".repeat(60)))).toThrow(LineTooLongError);
});
