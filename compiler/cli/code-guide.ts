/** `sluice check --explain CODE`: what a code stands for. */

import { DIAGNOSTIC_CODES, type DiagnosticCode, istioCodes } from "../diagnostics/codes.ts";
import { EXPLANATIONS, type Place } from "../diagnostics/guide/index.ts";
import { nearest } from "../diagnostics/nearest.ts";
import type { Colors } from "../diagnostics/render/text.ts";
import { UsageError } from "./exit.ts";

const CODES = Object.keys(DIAGNOSTIC_CODES) as DiagnosticCode[];

export function explainCodes(wanted: string, format: "text" | "json", colors: Colors): string {
  const isAll = wanted.toUpperCase() === "ALL";
  const found = isAll ? CODES : codesNamed(wanted);
  if (format === "json") {
    return `${JSON.stringify(found.map(asData), null, 2)}\n`;
  }
  return isAll
    ? found.map((code) => `${line(code, colors)}\n`).join("")
    : found.map((code) => details(code, colors)).join("\n");
}

function codesNamed(wanted: string): readonly DiagnosticCode[] {
  const name = wanted.toUpperCase();
  const found = CODES.filter((code) => code === name || istioCodes(code).includes(name));
  if (found.length === 0) {
    const near = nearest(name, CODES);
    throw new UsageError(
      `--explain: no code "${wanted}"${near === undefined ? "" : `; did you mean ${near}?`} (--explain all lists them)`,
    );
  }
  return found;
}

function asData(code: DiagnosticCode): object {
  const { level, title } = DIAGNOSTIC_CODES[code];
  return { code, level, title, istio: istioCodes(code), ...EXPLANATIONS[code] };
}

function line(code: DiagnosticCode, { bold, dim }: Colors): string {
  const { level, title } = DIAGNOSTIC_CODES[code];
  const istio = istioCodes(code);
  return `${bold(code)} ${level.padEnd(7)} ${title}${istio.length === 0 ? "" : dim(` Istio: ${istio.join(", ")}.`)}`;
}

function details(code: DiagnosticCode, colors: Colors): string {
  const { level } = DIAGNOSTIC_CODES[code];
  const { why, example } = EXPLANATIONS[code];
  const { red, green } = colors;
  return [
    line(code, colors),
    `  ${why}`,
    "",
    `  ${red("wrong")}${where(example.in)}`,
    indented(example.wrong),
    "",
    `  ${green("right")}${where(example.in)}`,
    indented(example.right),
    "",
    level === "error"
      ? "  An error: it cannot be silenced."
      : `  To silence it, write on its line, or above it: # sluice: ignore ${code} and the reason`,
    "",
  ].join("\n");
}

const WHERE: Readonly<Partial<Record<Place, string>>> = {
  VirtualService: ", in the spec of a VirtualService",
  "http rule": ", in an http rule of a VirtualService",
  DestinationRule: ", in the spec of a DestinationRule",
  ServiceEntry: ", in the spec of a ServiceEntry",
  Gateway: ", in the spec of a Gateway",
  "server of a Gateway": ", in a server of a Gateway",
  "check of a case file": ", in a check of a case file",
};

function where(place: Place): string {
  return `${WHERE[place] ?? ""}:`;
}

function indented(text: string): string {
  return text.replace(/^/gm, "    ");
}
