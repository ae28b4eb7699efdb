/** How far a compilation is, for whoever shows it. */

export type Phase = "reading" | "parsing" | "checking" | "lowering" | "encoding";

/** Whoever shows how far a compilation is. */
export interface Progress {
  /** `done` of `total` are done; called for each of them, so it has to be cheap. */
  at(phase: Phase, done: number, total: number): void;
}

export const NO_PROGRESS: Progress = { at() {} };
