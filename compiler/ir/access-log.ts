/** Where an Envoy writes a line for each request, and what stands in it. */

export interface AccessLog {
  /** A file, or `-` for the standard output of Envoy. */
  readonly path: string;
  readonly format: LogFormat;
}

/** A format as it is to be written; `text` has no end of line. */
export type LogFormat =
  | { readonly kind: "named"; readonly name: "text" | "json" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "json"; readonly fields: LogFields };

/** What a line of JSON is made of: texts have operators. */
export interface LogFields {
  readonly [name: string]: LogValue;
}
export type LogValue = string | number | LogFields | readonly LogValue[];
