import { expect, test } from "vitest";
import { parseDocuments } from "./parse.ts";

/** What go-yaml makes of plain scalars, which is what a cluster makes of them. */
test.each([
  [".", "."],
  ["-.", "-."],
  ["._", "._"],
  ["e2", "e2"],
  ["2e3", 2000],
  [".5", 0.5],
  ["5.", 5],
  ["-1.5e-1", -0.15],
  ["1:30", "1:30"],
  ["1:30.5", "1:30.5"],
  ["2020-01-01", "2020-01-01"],
  ["on", true],
  ["0x1F", 31],
  ["~", null],
])("%s is %j", (text, value) => {
  const documents = parseDocuments({ path: "x.yaml", text: `- ${text}\n` }, { report: () => {} });
  expect(documents.map((document) => document.value)).toEqual([[value]]);
});
