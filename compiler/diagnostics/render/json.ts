/** Diagnostics for programs. Fields are added, never changed or removed. */

import { type DiagnosticCode, istioCodes, type Level } from "../codes.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { rangeOf } from "../position.ts";
import type { Span } from "../span.ts";

/** Where something stands. */
export interface JsonPlace {
  readonly file: string;
  /** Lines and columns count from 1; the end is behind the last character. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** One finding. */
export interface JsonDiagnostic extends Partial<JsonPlace> {
  readonly code: DiagnosticCode;
  /** Istio's codes for the same finding. */
  readonly istio?: readonly string[];
  readonly level: Level;
  readonly message: string;
  readonly help?: string;
  readonly related?: readonly ({ readonly message: string } & JsonPlace)[];
}

export function toJson({ code, level, message, span, help, related }: Diagnostic): JsonDiagnostic {
  const istio = istioCodes(code);
  return {
    code,
    ...(istio.length > 0 && { istio }),
    level,
    message,
    ...(span && place(span)),
    ...(help !== undefined && { help }),
    ...(related && { related: related.map((other) => ({ message: other.message, ...place(other.span) })) }),
  };
}

function place(span: Span): JsonPlace {
  const { start, end } = rangeOf(span);
  return {
    file: span.file.path,
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
  };
}
