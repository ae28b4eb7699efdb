import type { Span } from "../source/span.ts";

export function position({ file, start }: Span): { line: number; column: number } {
  const before = file.text.slice(0, start);
  return { line: before.split("\n").length, column: start - before.lastIndexOf("\n") };
}
