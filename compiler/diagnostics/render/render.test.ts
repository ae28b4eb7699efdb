import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../diagnostic.ts";
import { positionAt, rangeOf } from "../position.ts";
import { toJson } from "./json.ts";
import { renderCounts, renderText } from "./text.ts";

const plain = { colors: picocolors.createColors(false), columns: 80, verbose: false };
const file = { path: "rules.yaml", text: "one:\n  two: 3\r\n  four: [5, 6]\n" };

function at(text: string, extra: Partial<Diagnostic> = {}): Diagnostic {
  const start = file.text.indexOf(text);
  return {
    code: "SL0105",
    level: "error",
    message: "wrong",
    span: { file, start, end: start + text.length },
    ...extra,
  };
}

describe("positions", () => {
  test("count lines and columns from 1", () => {
    expect(positionAt(file, 0)).toEqual({ line: 1, column: 1 });
    expect(positionAt(file, file.text.indexOf("3"))).toEqual({ line: 2, column: 8 });
    expect(positionAt(file, file.text.indexOf("four"))).toEqual({ line: 3, column: 3 });
    expect(positionAt(file, file.text.length)).toEqual({ line: 4, column: 1 });
  });

  test("end before the white space at a span's end", () => {
    expect(rangeOf({ file, start: 7, end: 16 }).end).toEqual({ line: 2, column: 9 });
  });
});

describe("text", () => {
  test("has place, level, code, message, the lines, and the help", () => {
    const text = renderText([at("3", { help: "Write 4." })], plain);
    expect(text.split("\n")).toEqual([
      "rules.yaml:2:8: error[SL0105]: wrong",
      "  1 | one:",
      "> 2 |   two: 3",
      "    |        ^",
      "  3 |   four: [5, 6]",
      "  help: Write 4.",
      "",
    ]);
  });

  test("shows other places with their own words", () => {
    const related = [{ message: "the other one", span: at("four").span! }];
    expect(renderText([at("3", { related })], plain)).toContain("rules.yaml:3:3: the other one");
  });

  test("needs no place", () => {
    expect(renderText([{ code: "SL0001", level: "error", message: "gone" }], plain)).toBe(
      "error[SL0001]: gone\n",
    );
  });

  test("lets no control character of the input through", () => {
    const hostile = { path: "a\u001b[2J.yaml", text: "a: \u001b]0;x\u0007\u202e\n" };
    const span = { file: hostile, start: 3, end: 5 };
    const text = renderText([{ code: "SL0105", level: "error", message: "got \u001b[31m", span }], plain);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text).toContain("\\u001b");
  });

  test("keeps a line of a megabyte short", () => {
    const long = { path: "a.yaml", text: `a: ${"x".repeat(1_000_000)}\n` };
    const span = { file: long, start: 3, end: 1_000_003 };
    expect(
      renderText([{ code: "SL0105", level: "error", message: "long", span }], plain).length,
    ).toBeLessThan(2_000);
  });

  test("counts", () => {
    const warning: Diagnostic = { code: "SL0401", level: "warning", message: "hm" };
    const note: Diagnostic = { code: "SL0801", level: "info", message: "look" };
    expect(renderCounts([at("3"), at("3"), warning])).toBe("2 errors, 1 warning");
    expect(renderCounts([note, at("3"), note, warning, warning])).toBe("1 error, 2 warnings, 2 notes");
    expect(renderCounts([note, warning], true)).toBe("1 warning (counted as errors), 1 note");
    expect(renderCounts([])).toBe("");
  });

  test("calls the level info what SARIF calls it: a note", () => {
    const text = renderText([{ code: "SL0801", level: "info", message: "look" }], plain);
    expect(text).toBe("note[SL0801]: look\n");
  });
});

test("JSON has every field by name", () => {
  const related = [{ message: "other", span: at("four").span! }];
  expect(toJson(at("3", { help: "Write 4.", related }))).toEqual({
    code: "SL0105",
    istio: ["IST0106"],
    level: "error",
    message: "wrong",
    file: "rules.yaml",
    line: 2,
    column: 8,
    endLine: 2,
    endColumn: 9,
    help: "Write 4.",
    related: [{ message: "other", file: "rules.yaml", line: 3, column: 3, endLine: 3, endColumn: 7 }],
  });
});
