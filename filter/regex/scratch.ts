/**
 * Room for simulations: one block for all tables of the VM, as large as the hungriest needs, reserved when a table
 * is verified. Matching only uses it; nothing in it outlives a match.
 */

import { heapAlloc, heapFree } from "../host/memory";

export let scratch: usize = 0;
let size: u32 = 0;

/** Makes sure of so many bytes; false when there is no memory. */
export function reserveScratch(wanted: u32): bool {
  if (wanted <= size) return true;
  const larger = heapAlloc(wanted);
  if (!larger) return false;
  // Only now: programs that are in use rely on the old room.
  heapFree(scratch);
  scratch = larger;
  size = wanted;
  return true;
}
