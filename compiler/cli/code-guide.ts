/** `sluice check --explain CODE`: what a code stands for. */

import { type CodeDescription, describeCodes, LEVEL_WORDS, nearestCode } from "../index.ts";
import { UsageError } from "./exit.ts";
import type { Colors } from "./terminal.ts";

export function explainCodes(wanted: string, format: "text" | "json", colors: Colors): string {
  const isAll = wanted.toUpperCase() === "ALL";
  const found = describeCodes(isAll ? undefined : wanted);
  if (found.length === 0) {
    const near = nearestCode(wanted);
    throw new UsageError(
      `--explain: unknown code "${wanted}"${near === undefined ? "" : `; did you mean ${near}?`} (--explain all lists all codes)`,
    );
  }
  if (format === "json") {
    return `${JSON.stringify(found, null, 2)}\n`;
  }
  return isAll
    ? found.map((code) => `${line(code, colors)}\n`).join("")
    : found.map((code) => details(code, colors)).join("\n");
}

function line({ code, level, title, istio }: CodeDescription, { bold, dim }: Colors): string {
  return `${bold(code)} ${LEVEL_WORDS[level].padEnd(7)} ${title}${istio.length === 0 ? "" : dim(` Istio: ${istio.join(", ")}.`)}`;
}

function details(description: CodeDescription, colors: Colors): string {
  const { code, level, levelInCheck, levelInAnswers, why, example } = description;
  const commands =
    levelInCheck === levelInAnswers ? "check, explain, test and diff" : "explain, test and diff";
  const { red, green } = colors;
  return [
    line(description, colors),
    `  ${why}`,
    ...(levelInAnswers === level ? [] : [`  ${commands} ${IN_ANSWERS[levelInAnswers]}.`]),
    "",
    `  ${red("wrong")}${where(example.in)}`,
    indented(example.wrong),
    "",
    `  ${green("right")}${where(example.in)}`,
    indented(example.right),
    "",
    levelInAnswers === "error" || levelInAnswers === "unsaid"
      ? "  Errors cannot be silenced."
      : `  To silence it, add a comment on its line or the line above: # sluice: ignore ${code} and the reason`,
    "",
  ].join("\n");
}

const IN_ANSWERS: Readonly<Record<CodeDescription["levelInAnswers"], string>> = {
  error: "count it as an error",
  warning: "count it as a warning",
  info: "report it as a note",
  unsaid: "do not report it",
};

const WHERE: Readonly<Partial<Record<CodeDescription["example"]["in"], string>>> = {
  VirtualService: ", in the spec of a VirtualService",
  "http rule": ", in an http rule of a VirtualService",
  DestinationRule: ", in the spec of a DestinationRule",
  ServiceEntry: ", in the spec of a ServiceEntry",
  Gateway: ", in the spec of a Gateway",
  "server of a Gateway": ", in a server of a Gateway",
  "check of a case file": ", in a check of a case file",
};

function where(place: CodeDescription["example"]["in"]): string {
  return `${WHERE[place] ?? ""}:`;
}

function indented(text: string): string {
  return text.replace(/^/gm, "    ");
}
