/** Orders that decide which of two resources wins. Never by locale: the same input gives the same bytes everywhere. */

import { compareStrings } from "../../ir/text.ts";
import type { Resource } from "../resources/resource.ts";

/** The oldest first, one without a time before all others; then by name, then by namespace. */
export function byAge(a: Resource<unknown>, b: Resource<unknown>): number {
  // Most resources of a cluster are asked for again and again: a time is read only where two differ.
  const age = a.creationTimestamp === b.creationTimestamp ? 0 : time(a) - time(b);
  return age || compareStrings(a.name, b.name) || compareStrings(a.namespace, b.namespace);
}

// Finite, so that the difference of two is never NaN.
const BEFORE_ALL = -8.64e15;

function time({ creationTimestamp }: Resource<unknown>): number {
  const parsed = creationTimestamp === undefined ? Number.NaN : Date.parse(creationTimestamp);
  return Number.isNaN(parsed) ? BEFORE_ALL : parsed;
}
