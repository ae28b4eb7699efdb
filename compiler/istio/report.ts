/**
 * Reporting for the lowering: the level comes from the table of codes, and each finding is said once, though a rule is
 * lowered once for every port and gateway that it serves.
 */

import { DIAGNOSTIC_CODES, type DiagnosticCode } from "../diagnostics/codes.ts";
import type { Diagnostic, DiagnosticSink } from "../diagnostics/diagnostic.ts";
import type { Span } from "../source/span.ts";

export type Report = (
  code: DiagnosticCode,
  message: string,
  span: Span | undefined,
  more?: Pick<Diagnostic, "related" | "help">,
) => void;

export function reportTo(sink: DiagnosticSink): Report {
  const said = new Set<string>();
  return (code, message, span, more) => {
    const key = JSON.stringify([code, message, span?.file.path, span?.start]);
    if (said.has(key)) {
      return;
    }
    said.add(key);
    sink.report({ code, level: DIAGNOSTIC_CODES[code].level, message, ...(span && { span }), ...more });
  };
}

/** `help` for a name that is most like a known one, or nothing. */
export function didYouMean(candidate: string | undefined): { help?: string } {
  return candidate === undefined ? {} : { help: `Did you mean "${candidate}"?` };
}
