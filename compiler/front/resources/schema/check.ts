/**
 * Holds what users write against a schema and says where they differ: one diagnostic for each fault, at
 * the key or the value that has it.
 */

import type { DiagnosticSink } from "../../../diagnostics/diagnostic.ts";
import type { FieldPath } from "../../../source/field-path.ts";
import type { SourceDocument } from "../../../source/parse.ts";
import type { Schema } from "./build.ts";
import { faultOf } from "./faults.ts";
import { violationsOf } from "./violations.ts";

/**
 * True when the value has the shape that the schema describes. `whole` is what messages call the value, and `root`
 * where it stands in the document.
 */
export function checkSchema(
  schema: Schema,
  whole: string,
  value: unknown,
  document: SourceDocument,
  root: FieldPath,
  sink: DiagnosticSink,
): boolean {
  const violations = violationsOf(schema, value);
  for (const violation of violations) {
    const { key, path: within, diagnostic } = faultOf(violation, whole);
    const path = [...root, ...within];
    sink.report({ ...diagnostic, span: key ? document.keySpanOf(path) : document.spanOf(path) });
  }
  return violations.length === 0;
}
