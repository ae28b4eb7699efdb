/** The words that the schemas are written in: plain JSON Schema, with what Istio's CRDs say again and again. */

/** JSON Schema, with `exclusive` (at most one of these fields) beside it. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

export const string: Schema = { type: "string" };
export const boolean: Schema = { type: "boolean" };
export const number: Schema = { type: "number" };
export const upTo100: Schema = { type: "number", minimum: 0, maximum: 100 };
export const int32: Schema = { type: "integer", minimum: -2_147_483_648, maximum: 2_147_483_647 };
export const uint32: Schema = { type: "integer", minimum: 0, maximum: 4_294_967_295 };
/** Go's duration syntax, as a string. */
export const duration: Schema = { type: "string", format: "duration" };
/** Base64, as JSON has bytes. */
export const bytes: Schema = { type: "string", format: "byte" };
/** Fields of any name and kind. */
export const anything: Schema = {};

/** Characters at most. */
export function text(maxLength: number): Schema {
  return { type: "string", maxLength };
}

export function list(items: Schema, limits: { minItems?: number; maxItems?: number } = {}): Schema {
  return { type: "array", items, ...limits };
}

/** A mapping from names to values of one kind. */
export function map(values: Schema, limits: { maxProperties?: number } = {}): Schema {
  return { type: "object", additionalProperties: values, ...limits };
}

export function oneOf(...values: readonly string[]): Schema {
  return { type: "string", enum: values };
}

interface ObjectRules {
  readonly required?: readonly string[];
  /** Groups of fields of which at most one may be given. */
  readonly exclusive?: readonly (readonly string[])[];
  /** Fields that are not listed are left alone. */
  readonly open?: boolean;
}

export function object(properties: Readonly<Record<string, Schema>>, rules: ObjectRules = {}): Schema {
  return {
    type: "object",
    properties,
    ...(rules.open ? {} : { additionalProperties: false }),
    ...(rules.required ? { required: rules.required } : {}),
    ...(rules.exclusive ? { exclusive: rules.exclusive } : {}),
  };
}

export const metadata: Schema = object(
  {
    name: string,
    generateName: string,
    namespace: string,
    labels: map(string),
    annotations: map(string),
    creationTimestamp: string,
  },
  { open: true },
);

/** A resource of networking.istio.io; `status` is written by controllers and not looked at. */
export function resource(spec: Schema): Schema {
  return object(
    { apiVersion: string, kind: string, metadata, spec, status: anything },
    { required: ["apiVersion", "kind"] },
  );
}

export const stringMatch: Schema = object(
  { exact: string, prefix: string, regex: string },
  { exclusive: [["exact", "prefix", "regex"]] },
);
export const percent: Schema = object({ value: number });
export const portSelector: Schema = object({ number: uint32 });
