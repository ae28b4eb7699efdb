/**
 * Header lines by their names. `constructor` and `__proto__` are names of headers, too: the objects have no prototype,
 * and of those that were parsed only what is their own counts.
 */

import type { HeaderLine } from "../request/wire.ts";

/** Every line of each name, under the names as they stand. */
export function linesByName(lines: Iterable<HeaderLine>): Record<string, string[]> {
  const headers = noHeaders<string[]>();
  for (const [name, value] of lines) {
    addLine(headers, name, value);
  }
  return headers;
}

/** Several lines of one name are joined with `, `. */
export function joinedByName(lines: Iterable<HeaderLine>): Record<string, string> {
  const headers = noHeaders<string>();
  for (const [name, value] of lines) {
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}

export function addLine(headers: Record<string, string[]>, name: string, value: string): void {
  headers[name] = [...(headers[name] ?? []), value];
}

export function noHeaders<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

export function ownHeader<T>(headers: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}
