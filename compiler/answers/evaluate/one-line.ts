/** Headers of which Envoy keeps no second line: what comes later goes behind a comma. */

import type { HeaderLine } from "../request/wire.ts";

const NAMES = new Set(
  `accept accept-encoding access-control-request-headers access-control-request-method authorization cache-control
  connection content-encoding content-length content-type date grpc-accept-encoding grpc-message grpc-status
  grpc-timeout host if-match if-modified-since if-none-match if-range if-unmodified-since location origin pragma referer
  server te transfer-encoding upgrade user-agent via x-forwarded-client-cert x-forwarded-for x-forwarded-host
  x-forwarded-proto x-request-id`.split(/\s+/),
);

export function isOneLine(name: string): boolean {
  return NAMES.has(name);
}

/** A value behind another; one that is empty adds nothing. */
export function joinedValues(before: string, value: string): string {
  return before === "" || value === "" ? before + value : `${before},${value}`;
}

/** Lines as Envoy keeps them. */
export function mergedLines(lines: readonly HeaderLine[]): HeaderLine[] {
  const result: HeaderLine[] = [];
  for (const [name, value] of lines) {
    const index = isOneLine(name) ? result.findIndex(([other]) => other === name) : -1;
    if (index < 0) {
      result.push([name, value]);
    } else {
      result[index] = [name, joinedValues(result[index]![1], value)];
    }
  }
  return result;
}
