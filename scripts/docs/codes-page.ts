/** `docs/codes.md`: the table of diagnostics and their guide, as a page. */

import {
  DIAGNOSTIC_CODES,
  type DiagnosticCode,
  istioCodes,
  LEVEL_WORDS,
  levelFor,
} from "../../compiler/diagnostics/codes.ts";
import { EXPLANATIONS } from "../../compiler/diagnostics/guide/index.ts";
import { cell } from "./markdown.ts";

const PARTS: readonly (readonly [prefix: string, title: string])[] = [
  ["SL00", "Reading files"],
  ["SL01", "What every resource must have"],
  ["SL02", "One resource by itself"],
  ["SL03", "Not supported"],
  ["SL04", "References between resources"],
  ["SL05", "What Envoy would refuse"],
  ["SL06", "What a request costs"],
  ["SL07", "Case files"],
  ["SL08", "Valid, but probably not what you meant"],
  ["SL09", "Comments that silence findings"],
];

export function codesPage(): string {
  const codes = Object.keys(DIAGNOSTIC_CODES) as DiagnosticCode[];
  const tables = PARTS.map(([prefix, title]) => {
    const rows = codes.filter((code) => code.startsWith(prefix)).map(row);
    return [
      `## ${title}`,
      "",
      "| code | level | meaning | Istio's code |",
      "|---|---|---|---|",
      ...rows,
    ].join("\n");
  });
  return `${[
    "# Codes",
    "The codes of diagnostics never change their meaning. `sluice check --explain CODE` also shows an example that is wrong and one that is right; it accepts Istio's codes, too. A note has the level `info` in JSON. Where a code has a second level, that one holds for `check`, `explain`, `test` and `diff`, which no Envoy's needs hinder.",
    ...tables,
  ].join("\n\n")}\n`;
}

function row(code: DiagnosticCode): string {
  const { level, title } = DIAGNOSTIC_CODES[code];
  const inCheck = levelFor(code, "check");
  const inAnswers = levelFor(code, "answer");
  const where = inCheck === inAnswers ? "where nothing runs" : "in explain, test and diff";
  const levels =
    inAnswers === level
      ? LEVEL_WORDS[level]
      : `${LEVEL_WORDS[level]}; ${inAnswers === "unsaid" ? "none" : LEVEL_WORDS[inAnswers]} ${where}`;
  return `| ${code} | ${levels} | **${cell(title)}** ${cell(EXPLANATIONS[code].why)} | ${istioCodes(code).join(", ")} |`;
}
