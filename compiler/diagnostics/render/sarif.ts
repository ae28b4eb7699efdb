/** Diagnostics as SARIF 2.1.0, which code hosts and editors read. */

import path from "node:path";
import { pathToFileURL } from "node:url";
import { SarifBuilder, SarifResultBuilder, SarifRuleBuilder, SarifRunBuilder } from "node-sarif-builder";
import { DIAGNOSTIC_CODES, type DiagnosticCode, istioCodes, LEVEL_WORDS } from "../codes.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { EXPLANATIONS } from "../guide/index.ts";
import { rangeOf } from "../position.ts";

export function renderSarif(diagnostics: readonly Diagnostic[], version: string): string {
  const run = new SarifRunBuilder().initSimple({
    toolDriverName: "sluice",
    toolDriverVersion: version,
  });
  // As JavaScript counts, and with it everything here.
  run.run.columnKind = "utf16CodeUnits";
  for (const code of new Set(diagnostics.map((diagnostic) => diagnostic.code))) {
    run.addRule(ruleOf(code));
  }
  for (const diagnostic of diagnostics) {
    run.addResult(resultOf(diagnostic));
  }
  const builder = new SarifBuilder();
  builder.addRun(run);
  return `${builder.buildSarifJsonString({ indent: true })}\n`;
}

function ruleOf(code: DiagnosticCode): SarifRuleBuilder {
  const { level, title } = DIAGNOSTIC_CODES[code];
  const { why } = EXPLANATIONS[code];
  const istio = istioCodes(code);
  const rule = new SarifRuleBuilder().initSimple({
    ruleId: code,
    shortDescriptionText: title,
    fullDescriptionText: istio.length === 0 ? title : `${title} Istio says ${istio.join(", ")}.`,
  });
  rule.rule.help = { text: `${why} More: sluice check --explain ${code}` };
  rule.rule.defaultConfiguration = { level: LEVEL_WORDS[level] };
  return rule;
}

function resultOf({ code, level, message, span, help, related = [] }: Diagnostic): SarifResultBuilder {
  const result = new SarifResultBuilder();
  const messageText = help === undefined ? message : `${message}. ${help}`;
  if (span === undefined) {
    return result.initSimple({ level: LEVEL_WORDS[level], messageText, ruleId: code });
  }
  const { start, end } = rangeOf(span);
  result.initSimple({
    level: LEVEL_WORDS[level],
    messageText,
    ruleId: code,
    fileUri: uriOf(span.file.path),
    startLine: start.line,
    startColumn: start.column,
    endLine: end.line,
    endColumn: end.column,
  });
  if (related.length > 0) {
    result.result.relatedLocations = related.map((other, id) => {
      const range = rangeOf(other.span);
      return {
        id,
        message: { text: other.message },
        physicalLocation: {
          artifactLocation: { uri: uriOf(other.span.file.path) },
          region: { startLine: range.start.line, startColumn: range.start.column },
        },
      };
    });
  }
  return result;
}

/** Relative where it can be: then it is found on whatever machine. */
function uriOf(file: string): string {
  const relative = path.relative(process.cwd(), path.resolve(file));
  if (relative.startsWith("..") || path.isAbsolute(relative)) {
    return pathToFileURL(file).href;
  }
  // By way of bytes, since half a character is none that could be encoded.
  const name = Buffer.from(relative.split(path.sep).join("/")).toString();
  // A colon in the first part would make a scheme of it.
  return encodeURI(name).replace(/[#?:]/g, encodeURIComponent);
}
