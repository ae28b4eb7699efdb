import { describe, expect, test } from "vitest";
import type { DiagnosticCode } from "./codes.ts";
import { DIAGNOSTIC_CODES } from "./codes.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { Ignores } from "./ignores.ts";

function finding(text: string, at: string, code: DiagnosticCode): Diagnostic {
  const start = text.indexOf(at);
  const file = files.get(text) ?? { path: "a.yaml", text };
  files.set(text, file);
  return { code, level: DIAGNOSTIC_CODES[code].level, message: "", span: { file, start, end: start + 1 } };
}

const files = new Map<string, { path: string; text: string }>();

/** What is left of findings, given as the text that they stand at, and what is said of the comments. */
function left(text: string, ...findings: [at: string, code: DiagnosticCode][]): string[] {
  const ignores = new Ignores();
  const kept = findings.filter(([at, code]) => !ignores.silences(finding(text, at, code)));
  const said: string[] = [];
  const sink = { report: ({ code }: Diagnostic) => said.push(code) };
  ignores.reportUseless([finding(text, "a", "SL0801").span!.file], sink);
  return [...kept.map(([at, code]) => `${code} ${at}`), ...said];
}

describe("ignore", () => {
  test("silences a code on its own line", () => {
    expect(left("a: 1 # sluice: ignore SL0801 meant so\n", ["a", "SL0801"])).toEqual([]);
    expect(left("a: 1 #sluice:ignore SL0801 no blanks\n", ["a", "SL0801"])).toEqual([]);
    expect(left("a: 1 # sluice: ignore SL0801,SL0802 both\r\n", ["a", "SL0801"], ["1", "SL0802"])).toEqual(
      [],
    );
  });

  test("alone on a line silences the next that has anything", () => {
    expect(left("# sluice: ignore SL0801 why\n\n  # more\na: 1\nb: 2\n", ["a: 1", "SL0801"])).toEqual([]);
    expect(left("# sluice: ignore SL0801 why\na: 1\nb: 2\n", ["b", "SL0801"])).toEqual([
      "SL0801 b",
      "SL0901",
    ]);
  });

  test("silences no other code, no error, and nothing without being of use", () => {
    expect(left("a: 1 # sluice: ignore SL0802 why\n", ["a", "SL0801"])).toEqual(["SL0801 a", "SL0901"]);
    expect(left("a: 1 # sluice: ignore SL0105 why\n", ["a", "SL0105"])).toEqual(["SL0105 a", "SL0902"]);
    expect(left("a: 1 # sluice: ignore SL9999 why\n")).toEqual(["SL0902"]);
    expect(left("a: 1 # sluice: ignore SL0801\n", ["a", "SL0801"])).toEqual(["SL0903"]);
  });

  test("is a comment and no text", () => {
    expect(left("a: x#sluice: ignore SL0801 why\n", ["a", "SL0801"])).toEqual(["SL0801 a"]);
    expect(left("a: sluice: ignore\n")).toEqual([]);
  });

  test("wants our name where Istio's is written", () => {
    const file = { path: "a.yaml", text: "a: 1 # sluice: ignore IST0174 why\n" };
    const found: Diagnostic[] = [];
    new Ignores().reportUseless([file], { report: (one) => found.push(one) });
    expect(found.map(({ code, help }) => `${code} ${help}`)).toEqual([
      "SL0902 That is Istio's code; use Sluice's: SL0406.",
    ]);
  });
});
