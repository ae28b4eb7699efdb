/** SARIF output against the schema of SARIF 2.1.0, whatever a finding, a message and a file name look like. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import Ajv from "ajv-draft-04";
import formats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DIAGNOSTIC_CODES, type DiagnosticCode } from "../codes.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { renderSarif } from "./sarif.ts";

const main = createRequire(import.meta.url).resolve("@microsoft/jest-sarif");
const schema = JSON.parse(
  readFileSync(path.join(path.dirname(main), "schemas", "sarif-2.1.0-rtm.5.json"), "utf8"),
);
const ajv = new Ajv.default({ strict: false, allErrors: true, unicodeRegExp: false });
formats.default(ajv);
const isValid = ajv.compile(schema);

function check(diagnostics: readonly Diagnostic[]) {
  const log = JSON.parse(renderSarif(diagnostics, "1.2.3"));
  isValid(log);
  expect(isValid.errors ?? []).toEqual([]);
  return log;
}

const CODES = Object.keys(DIAGNOSTIC_CODES) as DiagnosticCode[];
const text = fc.string({ unit: "binary", maxLength: 30 });
const span = fc
  .record({
    file: fc.record({
      path: fc
        .array(fc.oneof(fc.constantFrom("a", "b c", "#", "?", "%", "é", "..", "c:"), text), {
          minLength: 1,
          maxLength: 4,
        })
        // No file has no name, nor a NUL in it.
        .map((parts) => `${parts.join("/").replaceAll("\0", "")}.yaml`),
      text: fc.array(fc.oneof(fc.constant("\n"), text), { maxLength: 6 }).map((parts) => parts.join("")),
    }),
    at: fc.nat(100),
    length: fc.nat(20),
  })
  .map(({ file, at, length }) => {
    const start = Math.min(at, file.text.length);
    return { file, start, end: Math.min(start + length, Math.max(file.text.length, start)) };
  });
const diagnostic: fc.Arbitrary<Diagnostic> = fc
  .record(
    {
      code: fc.constantFrom(...CODES),
      message: text.filter((message) => message !== ""),
      span,
      related: fc.array(fc.record({ message: text, span }), { maxLength: 2 }),
      help: text,
    },
    { requiredKeys: ["code", "message"] },
  )
  .map((made) => ({ ...made, level: DIAGNOSTIC_CODES[made.code].level }) as Diagnostic);

describe("SARIF 2.1.0", () => {
  test("the schema refuses what is none", () => {
    expect(isValid({ version: "2.1.0" })).toBe(false);
    expect(isValid({ version: "2.1.0", runs: [{ tool: { driver: { name: 7 } } }] })).toBe(false);
  });

  test("nothing found is a log, too", () => {
    expect(check([]).runs).toHaveLength(1);
  });

  test("every code has a rule that says why", () => {
    const log = check(CODES.map((code) => ({ code, level: DIAGNOSTIC_CODES[code].level, message: "x" })));
    const { rules } = log.runs[0].tool.driver;
    expect(rules.map(({ id }: { id: string }) => id)).toEqual(CODES);
    for (const { help } of rules) {
      expect(help.text.length).toBeGreaterThan(40);
    }
  });

  test("any findings are valid, and each has its rule", () => {
    fc.assert(
      fc.property(fc.array(diagnostic, { maxLength: 5 }), (diagnostics) => {
        const [{ results, tool }] = check(diagnostics).runs;
        expect(results).toHaveLength(diagnostics.length);
        for (const { ruleId, ruleIndex } of results) {
          expect(tool.driver.rules[ruleIndex ?? -1]?.id ?? ruleId).toBe(ruleId);
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["a#b.yaml", "a%23b.yaml"],
    ["a b/c?.yaml", "a%20b/c%3F.yaml"],
    ["c:x.yaml", "c%3Ax.yaml"],
    ["/else where/a.yaml", "file:///else%20where/a.yaml"],
  ])("the file %s is %s", (name, uri) => {
    const file = { path: name, text: "a" };
    const log = check([{ code: "SL0104", level: "error", message: "x", span: { file, start: 0, end: 1 } }]);
    expect(log.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri).toBe(uri);
  });
});
