/** `docs/istio-pages.md`: what works of Istio's own documentation, from the cases that `test/recorded/pages.test.ts` runs. */

import { parseAllDocuments } from "yaml";
import { DIAGNOSTIC_CODES, type DiagnosticCode } from "../../compiler/diagnostics/codes.ts";
import { readSteps, type Step } from "../../test/recorded/page-steps.ts";
import { cell } from "./markdown.ts";

const WORDS = `# Istio's pages

Istio's documentation, page by page. For each page documents of the same shapes run in a real Envoy, for both targets
([test/recorded/pages](../test/recorded/pages)). The last column has the codes of the warnings that they give.
Pages of the tasks also show the same rules as HTTPRoutes and other kinds of the Gateway API: none of those is read (SL0113).`;

export function istioPagesPage(): string {
  const rows = readSteps()
    .sort((a, b) => compare(a.page, b.page))
    .map((step) => row([step.page, step.part ?? "", kindsIn(step), step.as ?? "sidecar", saidOf(step)]));
  const table = [row(["page", "of which", "documents", "proxy", "said"]), "|---|---|---|---|---|", ...rows];
  return `${[WORDS, table.join("\n")].join("\n\n")}\n`;
}

/** `VirtualService, 2 ServiceEntry`, in the order in which a step has them. */
function kindsIn({ rules }: Step): string {
  const counts = new Map<string, number>();
  for (const document of parseAllDocuments(rules)) {
    const kind = String(document.get("kind"));
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`)).join(", ");
}

function saidOf({ findings = [] }: Step): string {
  return findings.map((code) => `${code}: ${DIAGNOSTIC_CODES[code as DiagnosticCode].title}`).join(" ");
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(cell).join(" | ")} |`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
