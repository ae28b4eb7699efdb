/**
 * Reporting for the lowering: the level comes from the table of codes, and each finding is said once, though a rule is
 * lowered once for every port and gateway that it serves.
 */

import { DIAGNOSTIC_CODES, type DiagnosticCode } from "../../diagnostics/codes.ts";
import type { Diagnostic, DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { Span } from "../../diagnostics/span.ts";

type More = Pick<Diagnostic, "related" | "help" | "lists">;

/** Something to be said of the input, as a value: whoever lowers returns what it has found. */
export interface Finding {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly span: Span | undefined;
  /** Called only when the finding is new. */
  readonly more?: () => More;
}

export type Report = (
  code: DiagnosticCode,
  message: string,
  span: Span | undefined,
  more?: Finding["more"],
) => void;

/**
 * Names without a suggestion after so many: then a whole file is missing and nothing is misspelt, and looking
 * for the nearest of ten thousand names ten thousand times would take minutes.
 */
const MAX_EXPLAINED = 100;

export function reportTo(sink: DiagnosticSink): Report {
  const said = new Set<string>();
  const explained = new Map<DiagnosticCode, number>();
  return (code, message, span, more) => {
    const key = JSON.stringify([code, message, span?.file.path, span?.start]);
    if (said.has(key)) {
      return;
    }
    said.add(key);
    const before = explained.get(code) ?? 0;
    explained.set(code, before + 1);
    const { level } = DIAGNOSTIC_CODES[code];
    sink.report({ code, level, message, ...(span && { span }), ...(before < MAX_EXPLAINED ? more?.() : {}) });
  };
}

/** `help` for a name that is most like a known one, or nothing. */
export function didYouMean(candidate: string | undefined): More {
  return candidate === undefined ? {} : { help: `Did you mean "${candidate}"?` };
}
