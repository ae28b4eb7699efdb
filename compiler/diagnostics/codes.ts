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
  SL0301: { level: "error", title: "A field or value that is not supported yet." },
  SL0401: { level: "warning", title: "A destination whose host no service has.", istio: "IST0101" },
  SL0402: { level: "warning", title: "A destination whose port its service does not have.", istio: "IST0101" },
  SL0403: { level: "warning", title: "A subset that no DestinationRule defines.", istio: "IST0101" },
  SL0404: { level: "warning", title: "A gateway that does not exist.", istio: "IST0101" },
  SL0405: { level: "warning", title: "A Gateway that selects no proxy.", istio: "IST0101" },
  SL0406: { level: "warning", title: "A DestinationRule whose host no service has.", istio: "IST0174" },
  SL0407: { level: "warning", title: "Two VirtualServices for one host in the mesh.", istio: "IST0109" },
  SL0408: { level: "warning", title: "Hosts that the named Gateway does not serve.", istio: "IST0132" },
  SL0409: { level: "warning", title: "A subset whose labels no endpoint has.", istio: "IST0173" },
  SL0410: { level: "error", title: "Two listeners on one port." },
  SL0501: { level: "error", title: "A value that Envoy refuses." },
} as const satisfies Record<string, CodeEntry>;

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;
