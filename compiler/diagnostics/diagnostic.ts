/**
 * What the compiler has to say about the input, and the sink it says it to. Nothing here prints: renderers
 * turn spans into lines, columns and code frames. Errors in the input are reported, never thrown; an exception
 * is a bug.
 */

import type { DiagnosticCode, Level } from "./codes.ts";
import type { Span } from "./span.ts";

/** One finding: what is wrong and where, why (other places), and what to write instead. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly level: Level;
  readonly message: string;
  /** Absent only where no file is at fault (no input at all, say). */
  readonly span?: Span;
  /** Other places that explain it, each with its own words. */
  readonly related?: readonly { readonly message: string; readonly span: Span }[];
  /** What to write instead, as a sentence. */
  readonly help?: string;
  /** Lists that stand in the texts with `, ` between their items, as many as there are; text folds long ones. */
  readonly lists?: readonly (readonly string[])[];
}

/** Collects diagnostics in the order they are found. */
export interface DiagnosticSink {
  report(diagnostic: Diagnostic): void;
}
