import picocolors from "picocolors";
import { expect, test } from "vitest";
import type { Level } from "../codes.ts";
import { Report } from "./report.ts";

test("findings stand in the order of the files' lines, whichever check made them", () => {
  const report = new Report(false);
  const a = { path: "a.yaml", text: "x".repeat(9) };
  const b = { path: "b.yaml", text: "x".repeat(9) };
  const find = (message: string, span?: { file: typeof a; start: number; end: number }) =>
    report.report({ code: "SL0401", level: "warning", message, ...(span && { span }) });
  find("no file");
  find("b", { file: b, start: 1, end: 2 });
  find("a later", { file: a, start: 5, end: 6 });
  find("a", { file: a, start: 0, end: 1 });
  find("a later, too", { file: a, start: 5, end: 9 });
  const { diagnostics } = report.toJSON();
  expect(diagnostics.map(({ message }) => message)).toEqual(["a", "a later", "a later, too", "b", "no file"]);
});

test("what repeats megabytes of the input is cut", () => {
  const report = new Report(false);
  const file = { path: "a.yaml", text: "" };
  const long = "😀".repeat(1_000_000);
  const span = { file, start: 0, end: 0 };
  report.report({
    code: "SL0203",
    level: "error",
    message: `x${long}`,
    help: long,
    related: [{ message: long, span }],
  });
  const json = report.renderJson();
  expect(json.length).toBeLessThan(5000);
  expect(json).toContain(`"x${"😀".repeat(300)}`);
  expect(json).not.toMatch(/\p{Surrogate}|\\ud83d/u);
  expect(json).toContain("😀…😀");
});

function reportOf(levels: readonly Level[], strict: boolean, quiet: boolean): Report {
  const report = new Report(strict, quiet);
  for (const level of levels) {
    report.report({ code: "SL0401", level, message: "look" });
  }
  return report;
}

const COUNTED: readonly [
  levels: readonly Level[],
  strict: boolean,
  quiet: boolean,
  last: string | undefined,
][] = [
  [["error", "info", "error", "warning"], false, false, "2 errors, 1 warning, 1 note"],
  [["info"], false, false, "1 note"],
  [["warning", "info", "info"], true, false, "1 warning (counted as errors), 2 notes"],
  [["error", "info"], false, true, "1 error"],
  [["info", "info"], false, true, undefined],
  [[], false, false, undefined],
];

test.each(COUNTED)("%j, strict %s, quiet %s, end with %j", (levels, strict, quiet, last) => {
  const lines = reportOf(levels, strict, quiet)
    .renderText({ colors: picocolors.createColors(false), columns: 80, verbose: false })
    .trimEnd()
    .split("\n");
  expect(lines.at(-1)).toBe(last ?? "");
});

test("what is quiet leaves notes out of every format, and fails as before", () => {
  const report = reportOf(["warning", "info"], true, true);
  expect(report.summary).toEqual({ errors: 0, warnings: 1, infos: 0, strict: true });
  expect(report.renderGithub()).not.toContain("::notice");
  expect(JSON.parse(report.renderSarif("0")).runs[0].results).toHaveLength(1);
  expect(report.hasErrors).toBe(true);
});
