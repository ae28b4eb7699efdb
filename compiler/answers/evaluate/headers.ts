/** Operations on headers as Envoy carries them out. */

import type { HeaderMutation } from "../../ir/ir.ts";
import type { HeaderLine } from "../request/wire.ts";
import { type FormatContext, format } from "./format-string.ts";
import { isOneLine, joinedValues } from "./one-line.ts";

/**
 * Removed first; then every value is worked out, before the first of them is written; what replaces goes before what
 * is added, and nothing empty is written.
 */
export function mutate(
  headers: readonly HeaderLine[],
  mutation: HeaderMutation | undefined,
  contextOf: (headers: readonly HeaderLine[]) => FormatContext,
): HeaderLine[] {
  if (mutation === undefined) {
    return [...headers];
  }
  const removed = new Set(mutation.remove);
  let result = headers.filter(([name]) => !removed.has(name));
  const context = contextOf(result);
  const writes = mutation.write
    .map(({ name, value, append }) => ({ name, value: format(value, context), append }))
    .filter(({ value }) => value !== "");
  for (const { name, value, append } of [
    ...writes.filter(({ append }) => !append),
    ...writes.filter(({ append }) => append),
  ]) {
    const before = append && isOneLine(name) ? headerOf(result, name) : undefined;
    result =
      append && before === undefined
        ? [...result, [name, value]]
        : setHeader(result, name, before === undefined ? value : joinedValues(before, value));
  }
  return result;
}

export function setHeader(headers: readonly HeaderLine[], name: string, value: string): HeaderLine[] {
  return [...headers.filter(([other]) => other !== name), [name, value]];
}

export function headerOf(headers: readonly HeaderLine[], name: string): string | undefined {
  return headers.find(([other]) => other === name)?.[1];
}
