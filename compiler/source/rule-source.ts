/** Where rules come from, as the compiler sees it: something that can be read, and that tells when it has changed. */

import type { Diagnostic, DiagnosticSink } from "../diagnostics/diagnostic.ts";
import type { SourceFile } from "../diagnostics/span.ts";
import type { Progress } from "../progress.ts";

/** Where rules come from. `files` and `texts` make two kinds; a third one is any object with these two methods. */
export interface RuleSource {
  /**
   * All of it, in a fixed order. A text that has not changed should be the same object as before: then it is not parsed
   * again. What is wrong with a part of it (a file that cannot be read) goes to the sink; a rejection means that the source
   * itself failed, and what it gave before goes on.
   */
  read(sink: DiagnosticSink, progress?: Progress): Promise<readonly SourceFile[]>;
  /**
   * Whether a text is one object that its server keeps apart from the others, as those of a cluster are. Then one that is wrong stays at its
   * last good version, or is left out where there never was one, and the others go on without it. Absent: texts are one set
   * of rules, which is right or wrong as a whole, as files of a repository are.
   */
  standsAlone?(file: SourceFile): boolean;
  /** Adds to a finding what only the source knows of its place. */
  explained?(finding: Diagnostic): Diagnostic;
  /** Resolves once every change from now on is noticed; `onChange` is called once for a burst of them. */
  watch(onChange: () => void): Promise<Watch>;
}

/** A watch that was begun. */
export interface Watch {
  /** `onChange` is not called any more after this. */
  close(): Promise<void>;
}
