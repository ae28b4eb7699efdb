/**
 * Values of header operations, which are Envoy's format strings. What has a variable only Envoy can work out; what has
 * none the filter can write itself.
 */

import type { HeaderMutation } from "./ir.ts";

/** A header line of an answer. */
export type Line = readonly [name: string, value: string];

/** Whether some value has a variable: a percent sign that is not one of a pair. */
export function hasVariables(mutation: HeaderMutation | undefined): boolean {
  return mutation?.write.some(({ value }) => value.replaceAll("%%", "").includes("%")) ?? false;
}

/** The text that a value without variables stands for. */
export function literal(value: string): string {
  return value.replaceAll("%%", "%");
}

/**
 * What operations make of an answer that has no headers yet, one list after the other. Removing is then of use only
 * against an earlier list. An empty value writes nothing, as with Envoy.
 */
export function linesOf(mutations: readonly (HeaderMutation | undefined)[]): Line[] {
  const headers = new Map<string, string[]>();
  for (const mutation of mutations) {
    for (const name of mutation?.remove ?? []) {
      headers.delete(name);
    }
    const writes = mutation?.write ?? [];
    // Envoy puts what is added behind what is set, wherever each stands in the list.
    for (const { name, value, append } of [
      ...writes.filter(({ append }) => !append),
      ...writes.filter(({ append }) => append),
    ]) {
      const before = append ? (headers.get(name) ?? []) : [];
      if (value !== "") {
        headers.set(name, [...before, literal(value)]);
      }
    }
  }
  return [...headers].flatMap(([name, values]) => values.map((value): Line => [name, value]));
}
