/**
 * What all workers of the host have in common: texts under names, each with a version, so that whoever writes can tell whether
 * somebody else has written since.
 */

import { proxy_get_shared_data, proxy_set_shared_data } from "@solo-io/proxy-runtime/assembly/imports";

const result = memory.data(12, 4);

/** Bytes of what was read last. */
export let sharedLength: u32 = 0;
/** Its version. */
export let sharedVersion: u32 = 0;
/** For what nobody has written, or to write whatever was written. */
export const ANY_VERSION: u32 = 0;

/** A copy in the arena of what stands under a name; 0 when nothing does. */
export function readShared(name: usize, nameLength: usize): usize {
  memory.fill(result, 0, 12);
  if (proxy_get_shared_data(name, nameLength, result, result + 4, result + 8)) return 0;
  sharedLength = load<u32>(result, 4);
  sharedVersion = load<u32>(result, 8);
  return <usize>load<u32>(result);
}

/** Writes under a name. False when what stands there is of another version. */
export function writeShared(name: usize, nameLength: usize, value: usize, length: usize, version: u32): bool {
  return proxy_set_shared_data(name, nameLength, value, length, version) == 0;
}
