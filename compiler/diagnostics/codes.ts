/**
 * The one table of diagnostics. A code never changes its meaning and is never reused; its level is fixed here
 * (`--strict` turns warnings into errors when they are counted). Istio's own code is named where one exists.
 *
 * SL00xx reading, SL01xx schema, SL02xx one resource by itself, SL03xx not supported yet, SL04xx references
 * between resources, SL05xx what Envoy would refuse.
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
  SL0001: { level: "error", title: "The file cannot be read." },
  SL0002: { level: "error", title: "The file is not UTF-8 text." },
  SL0003: { level: "error", title: "The file is larger than what is read." },
  SL0004: { level: "error", title: "The directory holds no YAML or JSON file." },
  SL0005: { level: "error", title: "The file is not YAML." },
  SL0006: { level: "error", title: "The input nests too deep." },
  SL0007: { level: "error", title: "Aliases expand to too much, or to themselves." },
  SL0008: { level: "error", title: "A key is given twice in one mapping." },
  SL0101: { level: "error", title: "The document is no Kubernetes resource." },
  SL0102: { level: "error", title: "A kind that networking.istio.io does not have." },
  SL0103: { level: "error", title: "A version that the kind does not have." },
  SL0104: { level: "error", title: "A field that the kind does not have.", istio: "IST0106" },
  SL0105: { level: "error", title: "A value of the wrong type.", istio: "IST0106" },
  SL0106: { level: "error", title: "A required field is missing.", istio: "IST0106" },
  SL0107: { level: "error", title: "A value that is none of those allowed.", istio: "IST0106" },
  SL0108: { level: "error", title: "Fields that exclude one another.", istio: "IST0106" },
  SL0110: { level: "info", title: "Resources of other kinds were left alone." },
} as const satisfies Record<string, CodeEntry>;

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;
