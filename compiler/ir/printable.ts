/** The intermediate representation as it is printed: where a route came from as `file:line:column`. */

import { positionAt } from "../diagnostics/position.ts";
import type { Span } from "../diagnostics/span.ts";
import type { Config } from "./ir.ts";

/** A configuration as plain JSON, with `file:line:column` for places, as `sluice build --print ir` prints it. */
export function printableIr(config: Config): unknown {
  return JSON.parse(
    JSON.stringify(config, (_key, value: unknown) => (isSpan(value) ? position(value) : value)),
  );
}

function isSpan(value: unknown): value is Span {
  const span = value as Partial<Span> | null;
  return (
    typeof span === "object" && span !== null && typeof span.start === "number" && span.file !== undefined
  );
}

function position({ file, start }: Span): string {
  const { line, column } = positionAt(file, start);
  return `${file.path}:${line}:${column}`;
}
