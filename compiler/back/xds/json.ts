/**
 * Printing that depends on nothing but the value: keys sorted, two spaces, a newline at the end. Equal
 * configurations are equal bytes and have equal digests, so that a change of nothing is known as such.
 */

import { canonicalJson } from "../../ir/canonical-json.ts";

/** Anything that prints as JSON. A member that is `undefined` is left out. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** The canonical text of a value. */
export function printJson(value: unknown): string {
  return `${canonicalJson(value, 2)}\n`;
}
