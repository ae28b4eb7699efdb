/** The page of all codes, `CODES.md`: written anew by `npx vitest run --project unit codes-table -u`. */

import { expect, test } from "vitest";
import { DIAGNOSTIC_CODES, type DiagnosticCode, istioCodes } from "./codes.ts";
import { EXPLANATIONS } from "./guide/index.ts";

const PARTS: readonly (readonly [prefix: string, title: string])[] = [
  ["SL00", "Reading files"],
  ["SL01", "What every resource must have"],
  ["SL02", "One resource by itself"],
  ["SL03", "What is not supported"],
  ["SL04", "References between resources"],
  ["SL05", "What Envoy would refuse"],
  ["SL06", "What a request costs"],
  ["SL07", "Case files"],
  ["SL08", "Right, and hardly meant"],
  ["SL09", "Comments that silence findings"],
];

function page(): string {
  const codes = Object.keys(DIAGNOSTIC_CODES) as DiagnosticCode[];
  const tables = PARTS.map(([prefix, title]) => {
    const rows = codes.filter((code) => code.startsWith(prefix)).map(row);
    return [`## ${title}`, "", "| code | level | | Istio's |", "|---|---|---|---|", ...rows].join("\n");
  });
  return [
    "# What `sluice check` says",
    "Made from the table of codes and their explanations. `sluice check --explain CODE` also shows what is wrong and what to write instead; it takes Istio's codes, too.",
    ...tables,
    "",
  ]
    .join("\n\n")
    .trimEnd()
    .concat("\n");
}

function row(code: DiagnosticCode): string {
  const { level, title } = DIAGNOSTIC_CODES[code];
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
  return `| ${code} | ${level} | **${cell(title)}** ${cell(EXPLANATIONS[code].why)} | ${istioCodes(code).join(", ")} |`;
}

test("CODES.md holds every code", async () => {
  const text = page();
  for (const code of Object.keys(DIAGNOSTIC_CODES)) {
    expect(text).toContain(`| ${code} |`);
  }
  await expect(text).toMatchFileSnapshot("CODES.md");
});
