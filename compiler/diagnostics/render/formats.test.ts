import { expect, test } from "vitest";
import type { Diagnostic } from "../diagnostic.ts";
import { renderGithub } from "./github.ts";
import { renderSarif } from "./sarif.ts";

const file = { path: "my rules/a,b.yaml", text: "a: 1\nb: 2\n" };
const found: Diagnostic[] = [
  {
    code: "SL0401",
    level: "warning",
    message: "100% wrong\n::error::forged",
    span: { file, start: 5, end: 9 },
    related: [{ message: "here", span: { file, start: 0, end: 1 } }],
    help: "Write 3.",
  },
  { code: "SL0001", level: "error", message: "gone" },
  { code: "SL0601", level: "info", message: "cheaper" },
];

test("workflow commands are one line each, whatever a message says", () => {
  expect(renderGithub(found).split("\n")).toEqual([
    "::warning file=my rules/a%2Cb.yaml,line=2,endLine=2,col=1,endColumn=5,title=SL0401::100%25 wrong%0A::error::forged%0AWrite 3.",
    "::error title=SL0001::gone",
    "::notice title=SL0601::cheaper",
    "",
  ]);
});

test("workflow commands hold nothing that steers a terminal", () => {
  const message = 'no kind "\u001b[31m\u0000\u2028"\r\nx';
  expect(renderGithub([{ code: "SL0102", level: "error", message }])).toBe(
    '::error title=SL0102::no kind "\\u001b[31m\\u0000\\u2028"%0Ax\n',
  );
});

test("SARIF has a rule for each code, and a place for each result", () => {
  const { version, runs } = JSON.parse(renderSarif(found, "1.2.3"));
  expect(version).toBe("2.1.0");
  const [{ tool, results }] = runs;
  expect(tool.driver).toMatchObject({ name: "sluice", version: "1.2.3" });
  expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(["SL0401", "SL0001", "SL0601"]);
  expect(results.map(({ level, ruleId }: { level: string; ruleId: string }) => `${level} ${ruleId}`)).toEqual(
    ["warning SL0401", "error SL0001", "note SL0601"],
  );
  expect(results[0].locations[0].physicalLocation).toMatchObject({
    artifactLocation: { uri: "my%20rules/a,b.yaml" },
    region: { startLine: 2, startColumn: 1, endLine: 2, endColumn: 5 },
  });
  expect(results[0].relatedLocations).toHaveLength(1);
});
