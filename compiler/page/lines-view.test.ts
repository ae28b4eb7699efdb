import fc from "fast-check";
import { expect, test } from "vitest";
import { linesView } from "./lines-view.ts";

const view = (text: string, from = 1, to = 1000) => linesView({ path: "a.yaml", text }, from, to);
const textsOf = (text: string, from?: number, to?: number) =>
  view(text, from, to).lines.map((line) => line.map(([, part]) => part).join(""));

test("what is a key, a text, a number, a word, a comment", () => {
  const text = `a: "x"   # why
b: [1, 0x1f, .5e3, true, ~, 10.0.0.1, on]
"c d": {e: 'f', g: null}
h: |
  not: a key
  - 1
---
- i: *anchor
`;
  expect(view(text).lines.map((line) => line.filter(([kind]) => kind !== "space"))).toEqual([
    [
      ["key", "a"],
      ["punctuation", ":"],
      ["string", '"x"'],
      ["comment", "# why"],
    ],
    [
      ["key", "b"],
      ["punctuation", ":"],
      ["punctuation", "["],
      ["number", "1"],
      ["punctuation", ","],
      ["number", "0x1f"],
      ["punctuation", ","],
      ["number", ".5e3"],
      ["punctuation", ","],
      ["word", "true"],
      ["punctuation", ","],
      ["word", "~"],
      ["punctuation", ","],
      ["string", "10.0.0.1"],
      ["punctuation", ","],
      ["string", "on"],
      ["punctuation", "]"],
    ],
    [
      ["key", '"c d"'],
      ["punctuation", ":"],
      ["punctuation", "{"],
      ["key", "e"],
      ["punctuation", ":"],
      ["string", "'f'"],
      ["punctuation", ","],
      ["key", "g"],
      ["punctuation", ":"],
      ["word", "null"],
      ["punctuation", "}"],
    ],
    [
      ["key", "h"],
      ["punctuation", ":"],
      ["punctuation", "|"],
    ],
    [["string", "  not: a key"]],
    [["string", "  - 1"]],
    [["punctuation", "---"]],
    [
      ["punctuation", "-"],
      ["key", "i"],
      ["punctuation", ":"],
      ["other", "*anchor"],
    ],
  ]);
});

test("a range has the tokens that it has in the whole file", () => {
  const text = Array.from(
    { length: 40 },
    (_, i) => `k${i}:\n  a: |\n    text ${i}: no key\n  b: [${i}]\n`,
  ).join("");
  const all = view(text).lines;
  for (const from of [1, 2, 3, 4, 50, 99, 160]) {
    expect(view(text, from, from + 3).lines, `from ${from}`).toEqual(all.slice(from - 1, from + 3));
  }
  expect(view(text, 161, 200).lines).toEqual([]);
});

test("whatever the text is, the tokens of a line make up that line", () => {
  const piece = fc.constantFrom(
    ..."- |: |'|\"|{|}|[|]|,|#| #|\n|\n  |\r\n|\t|>|&a |*a|!t |%|---\n|...\n|?|a|1|~|\u0002|\u001f|\u0018|\ufeff|😀|\ud800|</script>".split(
      "|",
    ),
    "|",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), fc.nat(30), fc.nat(30), (pieces, from, more) => {
      const text = pieces.join("");
      const wanted = text
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => line.replace(/\r$/, ""));
      const got = textsOf(text, from, from + more);
      const first = Math.max(1, from);
      const expected = wanted.slice(first - 1, from + more);
      expect(got).toEqual(expected);
    }),
  );
});

test("of a file of 200,000 lines any range is as quick as of a short one, and bounded", () => {
  const text = `items:\n${"  - name: something\n    value: { a: 1, b: [2, 3] }\n".repeat(100_000)}`;
  const file = { path: "a.yaml", text };
  linesView(file, 1, 1);
  const before = process.cpuUsage();
  for (let from = 1; from < 200_000; from += 10_000) {
    expect(linesView(file, from, from + 99).lines).toHaveLength(100);
  }
  // Twenty answers, some 0.4 s of processor time in all; each from the file's beginning would take a minute.
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(10_000);
  expect(linesView(file, 1, 200_000).lines).toHaveLength(1000);
});

test("lines without an end are cut, and an answer of long lines has fewer of them", () => {
  const text = Array.from({ length: 1000 }, () => "x".repeat(100_000)).join("\n");
  const { lines } = linesView({ path: "a.json", text }, 1, 1000);
  expect(lines.length).toBeGreaterThan(50);
  expect(lines.length).toBeLessThan(200);
  expect(lines[0]).toEqual([["string", `${"x".repeat(2000)}…`]]);
  expect(JSON.stringify(lines).length).toBeLessThan(400_000);
});

test("what is a secret is not told", () => {
  const text = "kind: Gateway\n---\nkind: Secret # of the shop\ndata:\n  tls.key: c2VjcmV0\n";
  expect(textsOf(text)).toEqual(["kind: Gateway", "---", "kind: (hidden)", "data:", "  tls.key: (hidden)"]);
  expect(textsOf(text, 5, 5)).toEqual(["  tls.key: (hidden)"]);
});
