/**
 * What ajv reports of a value, in the words of somebody who writes YAML: what is wrong, and what to write instead.
 * Where the value stands in a file is not known here.
 */

import type { ErrorObject } from "ajv";
import type { Diagnostic } from "../../../diagnostics/diagnostic.ts";
import { nearest } from "../../../diagnostics/nearest.ts";
import { type FieldPath, nameOf } from "../../../source/field-path.ts";
import type { Schema } from "./build.ts";

export interface Fault {
  readonly path: FieldPath;
  /** The name is at fault, and not the value after it. */
  readonly key?: boolean;
  readonly diagnostic: Omit<Diagnostic, "span">;
}

/** The faults that one error of ajv stands for. `whole` is what messages call `root`, the value that was checked. */
export function faultsOf(error: ErrorObject, root: unknown, whole: string): Fault[] {
  const path = pathOf(error.instancePath, root);
  const name = path.length === 0 ? whole : nameOf(path);
  switch (error.keyword) {
    case "additionalProperties": {
      const field = String(error.params.additionalProperty);
      const message = `${name} has no field ${JSON.stringify(field)}`;
      const help = suggestion(field, propertiesOf(error.parentSchema), "fields");
      return [fault([...path, field], "SL0104", message, help, true)];
    }
    case "required":
      return [fault(path, "SL0106", `${name} needs the field ${error.params.missingProperty}`)];
    case "minItems":
      return [fault(path, "SL0106", `${name} needs at least ${count(error, "item")}`)];
    case "maxItems":
      return [fault(path, "SL0105", `${name} may have at most ${count(error, "item")}`)];
    case "maxProperties":
      return [fault(path, "SL0105", `${name} may have at most ${count(error, "field")}`)];
    case "maxLength":
      return [fault(path, "SL0105", `${name} may have at most ${count(error, "character")}`)];
    case "enum": {
      const help = suggestion(String(error.data), error.params.allowedValues, "values");
      return [fault(path, "SL0107", `${name}: ${show(error.data)} is not a valid value`, help)];
    }
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
    case "minimum":
    case "maximum":
    case "type":
      return [wrongValue(path, name, error)];
    default:
      return [fault(path, "SL0105", `${name} ${error.message ?? "is invalid"}`)];
  }
}

/** The fields of a group that a value has. */
export function given(fields: readonly string[], value: object): string[] {
  return fields.filter((field) => Object.hasOwn(value, field));
}

function wrongValue(path: FieldPath, name: string, { keyword, data, parentSchema = {} }: ErrorObject): Fault {
  const noun = nounOf(parentSchema);
  let message: string;
  if (noun !== undefined && (typeof data !== "object" || data === null)) {
    message = `${name}: ${show(data)} is not ${noun.replace(/^(?:a )?/, "$&valid ")}`;
  } else if (keyword === "type") {
    message = `${name} must be ${noun ?? typeWords(parentSchema)}, not ${show(data)}`;
  } else {
    message = `${name}: ${show(data)} is too ${keyword === "minimum" ? "small" : "large"}`;
  }
  return fault(path, "SL0105", message, remedy(data, parentSchema));
}

/** What a schema wants, where that is more than a type of JSON. */
function nounOf({ title, format }: Schema): string | undefined {
  return title === undefined ? FORMATS[format as string] : `a ${title}`;
}

const FORMATS: Readonly<Record<string, string>> = { duration: "a duration", byte: "base64" };

const TYPES: Readonly<Record<string, string>> = {
  object: "a mapping",
  array: "a list",
  string: "a string",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
};

function typesOf({ type }: Schema): string[] {
  return [type as string | string[]].flat().filter((one) => one !== "null");
}

function typeWords(schema: Schema): string {
  return typesOf(schema)
    .map((type) => TYPES[type] ?? type)
    .join(" or ");
}

/** What to write instead. */
function remedy(data: unknown, schema: Schema): string | undefined {
  const types = typesOf(schema);
  if (schema.format === "timeout" && typeof data === "string") {
    return "Use 0s for none, or a number and a unit, such as 1.5s, 500ms or 1h30m.";
  }
  if (schema.format === "header-value" && typeof data === "string") {
    return "Write it on one line, without control characters.";
  }
  if (schema.format === "duration" || schema.format === "timeout") {
    return typeof data === "number"
      ? `Add a unit, such as "${data}s".`
      : "Use a number and a unit, such as 1.5s, 500ms or 1h30m.";
  }
  if (types.includes("string") && typeof data === "boolean") {
    return "YAML 1.1 reads an unquoted y, n, yes, no, on, off, true or false as a boolean; put it in quotes.";
  }
  if (types.includes("string") && typeof data === "number") {
    return `Put it in quotes: "${data}".`;
  }
  if (types.includes("array")) {
    return "Put a `-` before each item.";
  }
  if (types.includes("integer") || types.includes("number")) {
    return numberRemedy(data, schema, types.includes("integer"));
  }
  if (types.includes("boolean") && typeof data === "string") {
    return /^(?:true|false)$/.test(data) ? WITHOUT_QUOTES : "Use true or false, without quotes.";
  }
  return types.includes("object") ? mappingRemedy(data, propertiesOf(schema)) : undefined;
}

function mappingRemedy(data: unknown, fields: readonly string[]): string | undefined {
  if (fields.length === 1 && typeof data !== "object") {
    return `Write { ${fields[0]}: ${show(data)} }.`;
  }
  return fields.length > 0 ? `Its fields are ${fields.join(", ")}.` : undefined;
}

const WITHOUT_QUOTES = "Write it without quotes.";

function numberRemedy(
  data: unknown,
  { minimum, maximum, title, examples }: Schema,
  whole: boolean,
): string | undefined {
  if (typeof data === "string" && (whole ? /^-?\d+$/ : /^-?\d+(?:\.\d+)?$/).test(data)) {
    return WITHOUT_QUOTES;
  }
  const number = whole ? "a whole number" : "a number";
  if (examples !== undefined) {
    return `Use ${number}, such as ${(examples as readonly unknown[])[0]}.`;
  }
  const isOutside = Number(data) < Number(minimum) || Number(data) > Number(maximum);
  // The limits of 32 bits are no help where another type was written.
  if (minimum === undefined || !(isOutside || title !== undefined)) {
    return undefined;
  }
  return maximum === undefined
    ? `Use ${number}, ${minimum} or more.`
    : `Use ${number} from ${minimum} to ${maximum}.`;
}

/** A rule has fewer fields; the mesh configuration has more than anybody reads. */
const MOST_LISTED = 20;

/** The one that was probably meant, or else all of them, if they can be read at a glance. */
function suggestion(wrong: string, known: readonly string[], what: string): string | undefined {
  const near = nearest(wrong, known);
  if (near !== undefined) {
    return `Did you mean ${near}?`;
  }
  return known.length > 0 && known.length <= MOST_LISTED
    ? `The known ${what} are ${known.join(", ")}.`
    : undefined;
}

function propertiesOf(schema: Schema | undefined): string[] {
  return Object.keys((schema?.properties as object | undefined) ?? {});
}

function count({ params: { limit } }: ErrorObject, what: string): string {
  return `${limit} ${what}${limit === 1 ? "" : "s"}`;
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
