/**
 * Holds what users write against a schema and says where they differ: one diagnostic for each fault, at
 * the key or the value that has it.
 */

import { Ajv, type ValidateFunction } from "ajv";
import type { DiagnosticSink } from "../../../diagnostics/diagnostic.ts";
import type { FieldPath } from "../../../source/field-path.ts";
import type { SourceDocument } from "../../../source/parse.ts";
import type { Schema } from "./build.ts";
import { parseDuration } from "./duration.ts";
import { faultsOf, given } from "./faults.ts";

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  strict: true,
  allowUnionTypes: true,
  // Tidier functions would save 2 µs a rule, and cost every command a tenth of a second.
  code: { optimize: false },
});
ajv.addFormat("duration", (text: string) => parseDuration(text) !== undefined);
ajv.addFormat("timeout", (text: string) => {
  const ms = parseDuration(text);
  return ms === 0 || (ms !== undefined && ms >= 1);
});
ajv.addFormat("byte", /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
ajv.addFormat("header-value", /^[^\u0000-\u0008\u000a-\u001f\u007f]*$/);
ajv.addKeyword({
  keyword: "exclusive",
  type: "object",
  schemaType: "array",
  validate: (groups: readonly (readonly string[])[], value: object) =>
    groups.every((group) => given(group, value).length <= 1),
});

const compiled = new WeakMap<Schema, ValidateFunction>();

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
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  if (validate(value)) {
    return true;
  }
  const errors = validate.errors ?? [];
  const wronglyTyped = new Set(
    errors.filter(({ keyword }) => keyword === "type").map((error) => error.instancePath),
  );
  for (const error of errors) {
    // What has the wrong type is not reported again for its value.
    if (error.keyword !== "type" && wronglyTyped.has(error.instancePath)) {
      continue;
    }
    for (const fault of faultsOf(error, value, whole)) {
      const path = [...root, ...fault.path];
      sink.report({
        ...fault.diagnostic,
        span: fault.key ? document.keySpanOf(path) : document.spanOf(path),
      });
    }
  }
  return false;
}
