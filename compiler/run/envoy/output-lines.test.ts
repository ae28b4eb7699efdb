import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readLines } from "./output-lines.ts";

test("lines are the same however they arrive, and end at a line feed alone", async () => {
  const text = fc
    .array(fc.constantFrom("a", "\r", "\u2028", "\u2029", "\v", "\f", "\0", "é", '"'), { maxLength: 8 })
    .map((signs) => signs.join(""));
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 5 }),
      async (all, size) => {
        const stream = new PassThrough();
        const lines: string[] = [];
        readLines(stream, (line) => lines.push(line));
        const bytes = Buffer.from(all.map((line) => `${line}\n`).join(""));
        for (let at = 0; at < bytes.length; at += size) {
          stream.write(bytes.subarray(at, at + size));
        }
        stream.end("rest");
        await new Promise((resolve) => stream.on("end", resolve));
        expect(lines).toEqual([...all, "rest"]);
      },
    ),
  );
});
