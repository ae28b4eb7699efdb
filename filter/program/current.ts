/**
 * The program that decides the current request. Offsets in a program become addresses through these.
 */

import * as layout from "../layout";

/** Address of the blob. */
export let program: usize = 0;
/** Address of its strings. */
export let strings: usize = 0;

export function useProgram(blob: usize): void {
  program = blob;
  strings = blob + load<u32>(blob, layout.HEADER_STRINGS);
}
