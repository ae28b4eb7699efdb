import picocolors from "picocolors";
import { expect, test } from "vitest";
import { folded, listed, wrap } from "./style.ts";

const colors = picocolors.createColors(true);

test.each([
  ["short", "short"],
  ["  one two three four five", "  one two three four\n    five"],
  ["  one two three four", "  one two three four"],
  ["a https://example.test/that-is/very/long b c", "a https://example.test/that-is/very/long\n  b c"],
  ["    margin of four with more", "    margin of four\n      with more"],
])("%j in twenty columns", (line, expected) => {
  expect(wrap(line, { columns: 20 })).toBe(expected);
});

test("colours take no room, end with a line, and go on in the next", () => {
  expect(wrap(colors.red("one two three"), { columns: 13 })).toBe(colors.red("one two three"));
  const line = `a ${colors.bold(colors.green("one two three"))} b`;
  expect(wrap(line, { columns: 10 })).toBe(
    "a \u001b[1m\u001b[32mone two\u001b[0m\n  \u001b[1m\u001b[32mthree\u001b[39m\u001b[22m b",
  );
});

test("a list is folded when more than one item is saved", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  expect(listed(names.slice(0, 7), { verbose: false })).toBe("a, b, c, d, e, f, g");
  expect(listed(names, { verbose: false })).toBe("a, b, c, d, e, f, … 2 more");
  expect(listed(names, { verbose: true })).toBe("a, b, c, d, e, f, g, h");
  expect(folded(names, { verbose: false }, String, 3)).toEqual(["a", "b", "c", "5"]);
});
