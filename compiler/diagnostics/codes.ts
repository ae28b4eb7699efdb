/**
 * The one table of diagnostics. A code never changes its meaning and is never reused; its level is fixed here
 * (`--strict` turns warnings into errors when they are counted). Istio's own code is named where one exists.
 */

import type { Level } from "./diagnostic.ts";

interface CodeEntry {
  readonly level: Level;
  /** What the code stands for, for `sluice check --explain CODE`. */
  readonly title: string;
  /** Istio's code for the same finding. */
  readonly istio?: string;
}

export const DIAGNOSTIC_CODES = {
  // SL0xxx: reading
  SL0001: { level: "error", title: "The file cannot be read." },
} as const satisfies Record<string, CodeEntry>;

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;
