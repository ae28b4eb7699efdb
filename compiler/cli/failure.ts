/** Whose fault a failure is. */

import { EnvironmentError } from "../index.ts";

/** A failed call to the operating system: a full disk, a missing permission. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}

/** Neither the rules nor the call nor the machine are to blame. */
export function isOurMistake(error: unknown): boolean {
  return !(error instanceof EnvironmentError) && !isSystemError(error);
}
