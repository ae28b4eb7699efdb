/**
 * Holds what users write against a schema and says where they differ: one diagnostic for each fault, at
 * the key or the value that has it.
 */

import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { Diagnostic, DiagnosticSink } from "../../../diagnostics/diagnostic.ts";
import { nearest } from "../../../diagnostics/nearest.ts";
import { type FieldPath, nameOf } from "../../../source/field-path.ts";
import type { SourceDocument } from "../../../source/parse.ts";
import type { Schema } from "./build.ts";
import { parseDuration } from "./duration.ts";

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  strict: true,
  allowUnionTypes: true,
  // Tidier functions would save 2 µs a rule, and cost every command a tenth of a second.
  code: { optimize: false },
});
ajv.addFormat("duration", (text: string) => parseDuration(text) !== undefined);
ajv.addFormat("byte", /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
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
    // What has the wrong type is not also said to be none of the values allowed.
    if (error.keyword !== "type" && wronglyTyped.has(error.instancePath)) {
      continue;
    }
    for (const fault of explain(error, value, whole)) {
      const path = [...root, ...fault.path];
      sink.report({
        ...fault.diagnostic,
        span: fault.key ? document.keySpanOf(path) : document.spanOf(path),
      });
    }
  }
  return false;
}

interface Fault {
  readonly path: FieldPath;
  /** The name is at fault, and not what stands behind it. */
  readonly key?: boolean;
  readonly diagnostic: Omit<Diagnostic, "span">;
}

function explain(error: ErrorObject, root: unknown, whole: string): Fault[] {
  const path = pathOf(error.instancePath, root);
  const name = path.length === 0 ? whole : nameOf(path);
  switch (error.keyword) {
    case "additionalProperties": {
      const field = String(error.params.additionalProperty);
      const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
      const near = nearest(field, known);
      const help =
        near !== undefined
          ? `Did you mean ${near}?`
          : known.length > 0
            ? `The known fields are ${known.join(", ")}.`
            : undefined;
      return [fault([...path, field], "SL0104", `${name} has no field ${JSON.stringify(field)}`, help, true)];
    }
    case "required":
      return [fault(path, "SL0106", `${name} needs the field ${error.params.missingProperty}`)];
    case "minItems":
      return [fault(path, "SL0106", `${name} needs at least ${error.params.limit} item`)];
    case "maxItems":
      return [fault(path, "SL0105", `${name} may have at most ${error.params.limit} items`)];
    case "maxProperties":
      return [fault(path, "SL0105", `${name} may have at most ${error.params.limit} fields`)];
    case "maxLength":
      return [fault(path, "SL0105", `${name} may have at most ${error.params.limit} characters`)];
    case "enum":
      return [
        fault(
          path,
          "SL0107",
          `${name} cannot be ${show(error.data)}`,
          `Use one of ${(error.params.allowedValues as string[]).join(", ")}.`,
        ),
      ];
    case "exclusive":
      return (error.schema as readonly (readonly string[])[])
        .map((group) => given(group, error.data as object))
        .filter((fields) => fields.length > 1)
        .map((fields) => {
          const second = [...path, fields[1]!];
          const message = `${nameOf(second)} cannot be combined with ${fields[0]}`;
          return fault(second, "SL0108", message, "Keep one of them.", true);
        });
    case "format":
      if (error.params.format === "byte") {
        return [fault(path, "SL0105", `${name}: expected base64, got ${show(error.data)}`)];
      }
      return [
        fault(
          path,
          "SL0105",
          `${name}: expected a duration, got ${show(error.data)}`,
          "Use a number and a unit, such as `500ms`, `2s` or `1h30m`.",
        ),
      ];
    case "minimum":
    case "maximum":
      return [
        fault(
          path,
          "SL0105",
          `${name}: expected a number ${error.keyword === "minimum" ? "from" : "up to"} ${error.params.limit}, got ${show(error.data)}`,
        ),
      ];
    case "type":
      return [wrongType(path, name, error)];
    default:
      return [fault(path, "SL0105", `${name} ${error.message ?? "is invalid"}`)];
  }
}

function wrongType(path: FieldPath, name: string, error: ErrorObject): Fault {
  const expected = [error.params.type as string | string[]].flat().filter((type) => type !== "null");
  const words: Readonly<Record<string, string>> = {
    object: "a mapping",
    array: "a list",
    string: "a string",
    integer: "a whole number",
    number: "a number",
    boolean: "true or false",
  };
  let help: string | undefined;
  const { data } = error;
  if (expected.includes("string") && typeof data === "boolean") {
    help = "YAML 1.1 reads an unquoted y, n, yes, no, on, off, true or false as a boolean; put it in quotes.";
  } else if (expected.includes("string") && typeof data === "number") {
    help =
      (error.parentSchema as Schema).format === "duration"
        ? `Add the unit: "${data}s".`
        : `Put it in quotes: "${data}".`;
  } else if (typeof data === "string" && /^-?\d+$/.test(data) && expected.includes("integer")) {
    help = "Write it without quotes.";
  } else if (expected.includes("array")) {
    help = "Put a `-` before each item.";
  }
  const wanted = expected.map((type) => words[type] ?? type).join(" or ");
  return fault(path, "SL0105", `${name}: expected ${wanted}, got ${show(data)}`, help);
}

function fault(
  path: FieldPath,
  code: Diagnostic["code"],
  message: string,
  help?: string,
  key = false,
): Fault {
  return {
    path,
    key,
    diagnostic: { code, level: "error", message, ...(help === undefined ? {} : { help }) },
  };
}

function given(fields: readonly string[], value: object): string[] {
  return fields.filter((field) => Object.hasOwn(value, field));
}

/** A JSON pointer to a path; an index stays a number where the value has a list. */
function pathOf(pointer: string, root: unknown): FieldPath {
  const path: (string | number)[] = [];
  let value = root;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const index = Array.isArray(value) ? Number(key) : undefined;
    path.push(index ?? key);
    value = (value as Record<string | number, unknown> | undefined)?.[index ?? key];
  }
  return path;
}

function show(value: unknown): string {
  if (Array.isArray(value)) {
    return "a list";
  }
  if (typeof value === "object" && value !== null) {
    return "a mapping";
  }
  // JSON has no numbers beyond those of a computer.
  const text = (typeof value === "number" ? String(value) : JSON.stringify(value)) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
