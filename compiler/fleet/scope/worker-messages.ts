/** What the main thread and a worker that compiles scopes say to each other. */

import type { SourceFile } from "../../diagnostics/span.ts";
import type { ProxyOptions } from "../../options.ts";

/** How a worker reads rules, said when it starts. */
export interface WorkerSettings {
  readonly strict: boolean;
  readonly quiet: boolean;
}

/** A text that the worker does not have yet, and the number of one that it has from the message before. */
export type SentFile = SourceFile | number;

export type ToWorker =
  /** What is compiled from now on. */
  | { readonly kind: "sources"; readonly files: readonly SentFile[] }
  | { readonly kind: "compile"; readonly id: number; readonly options: ProxyOptions };

export interface FromWorker {
  readonly id: number;
  /** A parcel of a `CompiledScope`; absent when the compiler itself failed. */
  readonly scope?: unknown;
  readonly failure?: string;
  /** Numbers that parcels do not name any more. */
  readonly gone: readonly number[];
}
