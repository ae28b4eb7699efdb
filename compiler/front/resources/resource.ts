/**
 * A Kubernetes-style resource as the compiler knows it: plain data, and a way back to the text it came from.
 */

import type { Span } from "../../diagnostics/span.ts";
import type { FieldPath } from "../../source/field-path.ts";

export type { FieldPath } from "../../source/field-path.ts";

export interface Resource<Spec> {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  /** The API server makes the name, of `metadata.generateName`: another object each time. */
  readonly isGenerated?: boolean;
  /** `default` when the resource names none. */
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339, as Kubernetes writes it. */
  readonly creationTimestamp?: string;
  readonly spec: Spec;
  /** All of it, and the same object for as long as its text is the same: a key for what is known of it. */
  readonly document?: object;
  /** Roughly where its document begins in its file: changes when that moves, and costs nothing to ask. */
  readonly offset?: number;
  /** The whole document. */
  readonly span: Span;
  /** Where the value at `path` stands; of its nearest ancestor that exists when it is missing. */
  spanOf(path: FieldPath): Span;
}
