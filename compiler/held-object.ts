/** What is told of objects whose newest version is not in effect. */

import type { Diagnostic } from "./diagnostics/diagnostic.ts";
import { type Findings, Report } from "./diagnostics/render/report.ts";
import type { SourceFile } from "./diagnostics/span.ts";
import type { HeldVersion } from "./last-good.ts";

/** An object that is wrong, of a source whose texts stand alone. */
export interface HeldObject {
  /** As the source has it; of one that was deleted, what stays of it. */
  readonly file: SourceFile;
  /** What of it holds. One that was deleted holds where others are wrong without it. */
  readonly holds: "at its last good version" | "left out" | "although it was deleted";
  /** What is wrong. */
  readonly findings: Findings;
}

/** `explained`: what the source knows of a finding besides. */
export function heldObjects(
  held: readonly HeldVersion[],
  explained: (finding: Diagnostic) => Diagnostic = (finding) => finding,
): readonly HeldObject[] {
  return held.flatMap((one): HeldObject[] => {
    const file = one.file ?? one.instead;
    if (file === undefined) {
      return [];
    }
    const findings = new Report(false);
    for (const finding of findingsAt(file, one)) {
      findings.report(explained(finding));
    }
    const holds = one.instead === undefined ? "left out" : "at its last good version";
    return [{ file, holds: one.file === undefined ? "although it was deleted" : holds, findings }];
  });
}

/** Errors that point at the object; where none does, those that it brings elsewhere, told at it. */
function findingsAt(file: SourceFile, { why, file: newest }: HeldVersion): readonly Diagnostic[] {
  const own = why.filter(({ span }) => span?.file.path === file.path);
  if (own.length > 0) {
    return own;
  }
  const cause = newest === undefined ? "without this object" : "with this version of the object";
  const end = file.text.indexOf("\n");
  return why.map((finding) => ({
    ...finding,
    message: `${cause}, another one is wrong: ${finding.message}`,
    span: { file, start: 0, end: end < 0 ? file.text.length : end },
    ...(finding.span && { related: [{ message: "it is wrong here", span: finding.span }] }),
  }));
}
