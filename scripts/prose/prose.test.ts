import { expect, test } from "vitest";
// @ts-expect-error: a script for Node alone, without types
import * as documents from "./documents.mjs";
// @ts-expect-error: a script for Node alone, without types
import * as messages from "./messages.mjs";

interface Finding {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}
const checkDocument = documents.checkDocument as (text: string) => Promise<Finding[]>;
const checkMessages = messages.checkMessages as (name: string, source: string) => Finding[];

/** Where something was found, as `line:column`. */
function places(findings: readonly Finding[]): string[] {
  return findings.map(({ line, column }) => `${line}:${column}`);
}

test.each([
  ["It is no duration.", "1:4"],
  ["`abc` is no duration.", "1:7"],
  ["An address that is none.", "1:12"],
  ["Nobody uses it.", "1:1"],
  ["That is hardly meant.", "1:9"],
  ["See what becomes of it.", "1:5"],
  ["It is said that the port is taken.", "1:4"],
  ["The old rules go on.", "1:9"],
  ["It stands behind another rule.", "1:11"],
  ["Write a full stop.", "1:9"],
  ["You can not do that.", "1:5"],
  ["A unit, e.g., 1s.", "1:9"],
  ["Two  spaces.", "1:3"],
  ["A paragraph, which is\nno paragraph.", "1:20"],
  ["| a | b |\n|---|---|\n| fine | nobody |", "3:10"],
])("%j has a word that we do not use", async (text, place) => {
  expect(places(await checkDocument(text))).toEqual([place]);
});

test.each([
  ["There is no Secret of that name."],
  ["The port is no longer open."],
  ["`nobody` and `can not` are code."],
  ["```text\nnobody  cares\n```"],
  ["* an entry\n  that goes on in another line"],
  ["The service behind it answers."],
  ["| instead of | write |\n|---|---|\n| that is none | invalid |"],
])("%j is fine", async (text) => {
  expect(await checkDocument(text)).toEqual([]);
});

test("only the column of bad examples may show them", async () => {
  const text = "| instead of | write |\n|---|---|\n| nobody | nobody |\n\nnobody";
  expect(places(await checkDocument(text))).toEqual(["3:12", "5:1"]);
});

test("strings and templates of a program are read, its names and comments are not", () => {
  const source = [
    "// nobody reads comments",
    'import { nobody } from "./nobody.ts";',
    "export function check(report: (text: string) => void, name: string): void {",
    "  report(`$" + "{name} is no duration`);",
    '  report("unused: nobody asks", { help: "you can not" });',
    "}",
  ].join("\n");
  expect(places(checkMessages("check.ts", source))).toEqual(["4:10", "5:10", "5:41"]);
});

test("the advice names what was found and what to write", () => {
  expect(checkMessages("a.ts", 'say("you can not");')[0]!.message).toBe('"can not": write "cannot"');
});
