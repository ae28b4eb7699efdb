import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonDiagnostic } from "../../../diagnostics/render/json.ts";
import type { RulesView, RuleView } from "../../api.ts";
import { makeRows, type Row, rowHeight } from "./rows.ts";
import { groupRules } from "./rule-group.ts";

function rule(id: string, line: number, lastLine: number, more: Partial<RuleView> = {}): RuleView {
  const own = {
    name: id,
    resource: "VirtualService a/b",
    conditions: [],
    listeners: ["mesh"],
    destinations: [],
  };
  return { id, file: 0, line, lastLine, ...own, ...more };
}

function finding(line: number | undefined, message = "m"): JsonDiagnostic {
  return { code: "SL0001", level: "warning", message, ...(line !== undefined && { file: "a.yaml", line }) };
}

function view(
  lines: number,
  rules: readonly RuleView[],
  findings: readonly JsonDiagnostic[] = [],
): RulesView {
  return {
    generation: 1,
    servedSince: 0,
    title: "",
    version: "",
    target: "wasm",
    counts: "all",
    files: [{ path: "a.yaml", lines }],
    rules,
    listeners: [],
    clusters: [],
    findings,
  };
}

function rowsOf(of: RulesView, open: readonly string[], asWritten = true): Row[] {
  return makeRows({ view: of, groups: groupRules(of), asWritten, open: new Set(open) });
}

function kinds(rows: readonly Row[]): string[] {
  return rows.map((row) => (row.kind === "line" ? String(row.line) : row.kind));
}

test("what is folded is one row; what is between rules has a row of its own", () => {
  const two = view(9, [rule("a", 3, 5), rule("b", 6, 8)]);
  expect(kinds(rowsOf(two, []))).toEqual(["file", "between", "rule", "rule", "between"]);
  expect(kinds(rowsOf(two, ["b"]))).toEqual([
    "file",
    "between",
    "rule",
    "rule",
    "hour",
    "6",
    "7",
    "8",
    "between",
  ]);
  expect(kinds(rowsOf(two, ["b"], false))).toEqual(["rule", "rule", "hour", "6", "7", "8"]);
});

test("a finding stands below its line, below what is folded, or above all files", () => {
  const found = view(4, [rule("a", 2, 3)], [finding(3), finding(1), finding(undefined)]);
  expect(kinds(rowsOf(found, []))).toEqual([
    "finding",
    "file",
    "between",
    "finding",
    "rule",
    "finding",
    "between",
  ]);
  expect(kinds(rowsOf(found, ["a"])).slice(4)).toEqual(["rule", "hour", "2", "3", "finding", "between"]);
});

test("matches of a rule are one heading, and each a line", () => {
  const matches = [1, 2].map((match) => rule("a", 1, 6, { match: String(match), matchLine: 1 + match }));
  const groups = groupRules(view(6, [...matches, rule("b", 7, 8)]));
  expect(groups.map(({ id, matches: all }) => [id, all.length])).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
  expect([...groups[0]!.notes].map(([line, { kind }]) => [line, kind])).toEqual([
    [2, "match"],
    [3, "match"],
  ]);
});

test("unfolded, every line is there once, in its order", () => {
  const lengths = fc.array(fc.record({ before: fc.nat(3), own: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(lengths, fc.nat(3), (all, after) => {
      let line = 1;
      const rules = all.map(({ before, own }, index) => {
        const first = line + before;
        line = first + own;
        return rule(String(index), first, line - 1);
      });
      const lines = line - 1 + after;
      const folded = view(lines, rules);
      const ids = rowsOf(folded, []).flatMap((row) =>
        row.kind === "rule" ? row.group.id : row.kind === "between" ? row.id : [],
      );
      const shown = rowsOf(folded, ids).flatMap((row) => (row.kind === "line" ? row.line : []));
      expect(shown).toEqual(Array.from({ length: lines }, (_, index) => index + 1));
    }),
  );
});

test("a row is higher where its notes stand below it", () => {
  const [row] = rowsOf(view(1, [rule("a", 1, 1)]), [], false);
  expect(rowHeight(row!, true)).toBeGreaterThan(rowHeight(row!, false));
});
