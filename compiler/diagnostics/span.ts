/**
 * Where a piece of the input stands. Everything that came from a file carries a span from the first parse to
 * the last diagnostic; line, column and code frame are computed from it only when something is printed.
 */

import type { AppliedTo } from "./applied-to.ts";

/** A file (or standard input) as it was read. `path` is as the user wrote it, `<stdin>` for `-`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The folder that was searched to find it; absent for a text that was named. */
  readonly folder?: string;
  /** What its documents are where they do not say it themselves, as whoever named the file has said. Absent: they say it. */
  readonly holds?: "MeshConfig";
  /** A cluster to which it is about to be applied; absent for a text that is read as it stands. */
  readonly appliedTo?: AppliedTo;
}

/** The half-open range `[start, end)` of UTF-16 offsets in `file.text`. */
export interface Span {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
}
