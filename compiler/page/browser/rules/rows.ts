/** The list of rules as rows, each of a height that is known before it is drawn: so 200,000 of them are scrolled as smoothly as ten. */

import type { JsonDiagnostic } from "../../../diagnostics/render/json.ts";
import type { RulesView } from "../../api.ts";
import { groupBy } from "../live/group-by.ts";
import { FindingsByLine } from "./findings-by-line.ts";
import type { LineNote, RuleGroup } from "./rule-group.ts";

export type Row =
  | { readonly kind: "file"; readonly file: number }
  /** Lines of a file that belong to no rule. */
  | {
      readonly kind: "between";
      readonly id: string;
      readonly file: number;
      readonly from: number;
      readonly to: number;
      readonly open: boolean;
    }
  | { readonly kind: "rule"; readonly group: RuleGroup; readonly open: boolean }
  | {
      readonly kind: "line";
      readonly file: number;
      readonly line: number;
      readonly group?: RuleGroup;
      readonly note?: LineNote;
    }
  /** What the rule did in the last hour. */
  | { readonly kind: "hour"; readonly group: RuleGroup }
  | { readonly kind: "finding"; readonly finding: JsonDiagnostic };

export interface RowsInput {
  readonly view: RulesView;
  /** Those that are shown, in their order. */
  readonly groups: readonly RuleGroup[];
  /** Whether they are all of them in the order of the files: only then has what is between them a place. */
  readonly asWritten: boolean;
  /** Ids of what is unfolded. */
  readonly open: ReadonlySet<string>;
}

export function makeRows({ view, groups, asWritten, open }: RowsInput): Row[] {
  const rows: Row[] = [];
  const ofRule = (group: RuleGroup) => {
    const { file, line, lastLine } = group.view;
    const isOpen = open.has(group.id);
    rows.push({ kind: "rule", group, open: isOpen });
    if (isOpen && view.counts !== "none") {
      rows.push({ kind: "hour", group });
    }
    pushLines(rows, file, line, lastLine, isOpen, group.findings, group);
  };
  if (!asWritten) {
    groups.forEach(ofRule);
    return rows;
  }
  const paths = new Set<string | undefined>(view.files.map(({ path }) => path));
  for (const finding of view.findings) {
    if (finding.line === undefined || !paths.has(finding.file)) {
      rows.push({ kind: "finding", finding });
    }
  }
  const findings = new FindingsByLine(view.findings);
  const groupsOf = groupBy(groups, ({ view }) => view.file);
  view.files.forEach(({ path, lines }, file) => {
    rows.push({ kind: "file", file });
    const between = (from: number, to: number) => {
      if (from <= to) {
        const id = `between\n${file}\n${from}`;
        rows.push({ kind: "between", id, file, from, to, open: open.has(id) });
        pushLines(rows, file, from, to, open.has(id), findings.of(path, from, to));
      }
    };
    let next = 1;
    for (const group of groupsOf.get(file) ?? []) {
      between(next, group.view.line - 1);
      ofRule(group);
      next = Math.max(next, group.view.lastLine + 1);
    }
    between(next, lines);
  });
  return rows;
}

function pushLines(
  rows: Row[],
  file: number,
  from: number,
  to: number,
  isOpen: boolean,
  findings: readonly JsonDiagnostic[],
  group?: RuleGroup,
): void {
  if (!isOpen) {
    rows.push(...findings.map((finding) => ({ kind: "finding", finding }) as const));
    return;
  }
  for (let line = from; line <= to; line++) {
    const note = group?.notes.get(line);
    rows.push({ kind: "line", file, line, ...(group && { group }), ...(note && { note }) });
    for (const finding of findings) {
      if (finding.line === line) {
        rows.push({ kind: "finding", finding });
      }
    }
  }
}

/** In CSS pixels; `page.css` has the same in `--row-…`. */
export function rowHeight(row: Row, isNarrow: boolean): number {
  switch (row.kind) {
    case "file":
      return 38;
    case "between":
    case "hour":
      return 28;
    case "rule":
      return isNarrow ? 76 : 46;
    case "line":
      return isNarrow && row.note !== undefined ? 44 : 22;
    case "finding":
      return 46;
  }
}
