/**
 * YAML inside of YAML: a text in a field of a document is read as documents of its own, whose places are those in the file
 * around it. A ConfigMap keeps the configuration of a program so.
 */

import type { DiagnosticSink } from "../diagnostics/diagnostic.ts";
import type { SourceFile, Span } from "../diagnostics/span.ts";
import { parseDocuments, type SourceDocument } from "./parse.ts";

/** The documents in the text at `path`. What is wrong with them is reported where it stands in the file. */
export function embeddedDocuments(
  outer: Pick<SourceDocument, "file" | "offset" | "spanOf">,
  path: readonly (string | number)[],
  text: string,
  sink: DiagnosticSink,
): SourceDocument[] {
  const inner: SourceFile = { path: outer.file.path, text };
  const outside = (span: Span): Span => (span.file === inner ? placeIn(outer.spanOf(path), span) : span);
  const found = parseDocuments(inner, {
    report: ({ span, related, ...rest }) =>
      sink.report({
        ...rest,
        ...(span && { span: outside(span) }),
        ...(related && { related: related.map((other) => ({ ...other, span: outside(other.span) })) }),
      }),
  });
  return found.map((document) => ({
    file: outer.file,
    value: document.value,
    offset: outer.offset,
    span: outer.spanOf(path),
    spanOf: (below) => outside(document.spanOf(below)),
    keySpanOf: (below) => outside(document.keySpanOf(below)),
  }));
}

/** Only a block whose lines are kept (`|`) has its text as it stands, but for the indentation; of others the whole is named. */
function placeIn(outer: Span, { file: { text }, start, end }: Span): Span {
  const { file } = outer;
  const raw = file.text.slice(outer.start, outer.end);
  if (!raw.startsWith("|")) {
    return outer;
  }
  const rawLines = raw.split("\n").slice(1);
  const innerLines = text.split("\n");
  const first = innerLines.findIndex((line) => line.trim() !== "");
  const indentation = (rawLines[first] ?? "").indexOf((innerLines[first] ?? "").trimEnd());
  const outsideOf = (offset: number) => {
    const before = text.slice(0, offset);
    const line = before.split("\n").length - 1;
    const column = offset - (before.lastIndexOf("\n") + 1);
    const skipped = rawLines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0);
    return outer.start + raw.indexOf("\n") + 1 + skipped + Math.max(0, indentation) + column;
  };
  const from = Math.min(outsideOf(start), file.text.length - 1);
  return { file, start: from, end: Math.max(from + 1, Math.min(outsideOf(end), outer.end)) };
}
