/**
 * The words that the schemas are written in: plain JSON Schema, with what Istio's CRDs say again and again. A schema also
 * has the type of what it admits, so that no type is written beside it by hand.
 */

/** Never there: it carries the type. */
declare const shape: unique symbol;

/** JSON Schema, with `exclusive` (at most one of these fields) beside it. `T` is what it admits. */
export interface Schema<out T = unknown> {
  readonly [keyword: string]: unknown;
  readonly [shape]?: T;
}

/** What a schema admits. */
export type ShapeOf<S extends Schema> = S extends Schema<infer T> ? T : never;

export const string: Schema<string> = { type: "string" };
export const boolean: Schema<boolean> = { type: "boolean" };
export const int32: Schema<number> = { type: "integer", minimum: -2_147_483_648, maximum: 2_147_483_647 };
/** An int32 from there. */
export function atLeast(minimum: number): Schema<number> {
  return { ...int32, minimum };
}
export const uint32: Schema<number> = { type: "integer", minimum: 0, maximum: 4_294_967_295 };
/** What messages call a value, `a … is not a valid status`; the example is for where the schema admits more than validation. */
export function called<T>(title: string, schema: Schema<T>, ...examples: readonly T[]): Schema<T> {
  return { ...schema, title, ...(examples.length > 0 && { examples }) };
}

export const upTo100: Schema<number> = called("percentage", { type: "number", minimum: 0, maximum: 100 });
export const port = called("port", uint32, 8080);
/** Go's duration syntax, as a string. */
export const duration: Schema<string> = { type: "string", format: "duration" };
/** The same, of no time (which switches a timeout off) or of at least a millisecond, which is as short as Envoy has it. */
export const timeout: Schema<string> = { type: "string", format: "timeout", title: "timeout" };
/** Base64, as JSON has bytes. */
export const bytes: Schema<string> = { type: "string", format: "byte" };
/** What can stand in a header: one line, without control characters. Envoy refuses a listener that has another. */
export const headerValue: Schema<string> = { type: "string", format: "header-value", title: "header value" };
/** Fields of any name and kind. */
export const anything: Schema = {};

/** Characters at most. */
export function text(maxLength: number): Schema<string> {
  return { type: "string", maxLength };
}

export function list<T>(
  items: Schema<T>,
  limits: { minItems?: number; maxItems?: number } = {},
): Schema<readonly T[]> {
  return { type: "array", items, ...limits };
}

/** A mapping from names to values of one kind. */
export function map<T>(
  values: Schema<T>,
  limits: { maxProperties?: number } = {},
): Schema<Readonly<Record<string, T>>> {
  return { type: "object", additionalProperties: values, ...limits };
}

export function oneOf<const T extends string>(...values: readonly T[]): Schema<T> {
  return { type: "string", enum: values };
}

type Properties = Readonly<Record<string, Schema>>;
/** The fields of an object, all optional but those of `Required`. */
type ObjectShape<P extends Properties, Required extends keyof P> = Flat<
  { readonly [K in Required]: ShapeOf<P[K]> } & { readonly [K in Exclude<keyof P, Required>]?: ShapeOf<P[K]> }
>;
/** For editors: fields, and not how they came about. */
type Flat<T> = { [K in keyof T]: T[K] };

interface ObjectRules<Required extends string> {
  readonly required?: readonly Required[];
  /** Groups of fields of which at most one may be given. */
  readonly exclusive?: readonly (readonly string[])[];
  /** Fields that are not listed are left alone. */
  readonly open?: boolean;
}

export function object<P extends Properties, const Required extends keyof P & string = never>(
  properties: P,
  rules: ObjectRules<Required> = {},
): Schema<ObjectShape<P, Required>> {
  return {
    type: "object",
    properties,
    ...(rules.open ? {} : { additionalProperties: false }),
    ...(rules.required ? { required: rules.required } : {}),
    ...(rules.exclusive ? { exclusive: rules.exclusive } : {}),
  };
}

export const metadata = object(
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
export function resource<T>(spec: Schema<T>) {
  return object(
    { apiVersion: string, kind: string, metadata, spec, status: anything },
    { required: ["apiVersion", "kind"] },
  );
}

export const stringMatch = object(
  { exact: string, prefix: string, regex: string },
  { exclusive: [["exact", "prefix", "regex"]] },
);
export const percent = object({ value: called("percentage", { type: "number" } as Schema<number>, 50) });
export const portSelector = object({ number: port });
