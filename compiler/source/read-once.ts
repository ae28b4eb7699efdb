/** A source as it was when it was read first: two questions about one state of what changes all the time. */

import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { SourceFile } from "../diagnostics/span.ts";
import type { RuleSource } from "./rule-source.ts";

/** What it gives never changes, so a watch of it tells of nothing. What was found when it was read is reported to everybody who reads. */
export function readOnce(source: RuleSource): RuleSource {
  let read: Promise<{ files: readonly SourceFile[]; findings: readonly Diagnostic[] }> | undefined;
  return {
    standsAlone: (file) => source.standsAlone?.(file) === true,
    async read(sink, progress) {
      read ??= (async () => {
        const findings: Diagnostic[] = [];
        const files = await source.read({ report: (finding) => void findings.push(finding) }, progress);
        return { files, findings };
      })();
      const { files, findings } = await read;
      for (const finding of findings) {
        sink.report(finding);
      }
      return files;
    },
    watch: async () => ({ close: async () => {} }),
    explained: (finding) => source.explained?.(finding) ?? finding,
  };
}
