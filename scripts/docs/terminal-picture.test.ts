import { expect, test } from "vitest";
import { terminalPicture } from "./terminal-picture.ts";

const CHARACTER = 8.4;

function picture(output: string): string {
  return terminalPicture({ title: "a title", command: "sluice check", output }, 40);
}

/** The runs of text below the command: their classes, places in characters, and texts. */
function runs(output: string) {
  return [
    ...picture(output).matchAll(
      /<text x="([\d.]+)" y="(\d+)" textLength="([\d.]+)"(?: class="([^"]*)")?>(.*?)</g,
    ),
  ]
    .slice(2)
    .map(([, x, y, length, look = "", text]) => ({
      look,
      column: Math.round((Number(x) - 20) / CHARACTER),
      line: (Number(y) - 58) / 19,
      length: Math.round(Number(length) / CHARACTER),
      text,
    }));
}

test("each colour ends where it is turned off, and bold and dim are independent of it", () => {
  expect(
    runs("a \u001b[31mno\u001b[39m b\n\u001b[1m\u001b[32mgood\u001b[39m still bold\u001b[22m plain"),
  ).toEqual([
    { look: "", column: 0, line: 1, length: 1, text: "a" },
    { look: "r", column: 2, line: 1, length: 2, text: "no" },
    { look: "", column: 5, line: 1, length: 1, text: "b" },
    { look: "g B", column: 0, line: 2, length: 4, text: "good" },
    { look: "B", column: 5, line: 2, length: 10, text: "still bold" },
    { look: "", column: 16, line: 2, length: 5, text: "plain" },
  ]);
});

test("a colour lasts to the next line", () => {
  expect(runs("\u001b[2mone\ntwo\u001b[22m").map(({ look }) => look)).toEqual(["d", "d"]);
});

test("text is text, also in the description for those who do not see it", () => {
  const svg = picture("needs <a> & b");
  expect(svg).toContain("needs &lt;a&gt; &amp; b</desc>");
  expect(svg).not.toContain("<a>");
  expect(svg).toContain('<title id="title">a title</title>');
});

test("a line that is longer than the terminal is wide is not cut off", () => {
  const width = Number(/viewBox="0 0 (\d+)/.exec(picture("x".repeat(100)))![1]);
  expect(width).toBeGreaterThan(100 * CHARACTER);
});
