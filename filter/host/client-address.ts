/**
 * Where a request comes from, as Envoy has found out: the peer, or what it takes from `x-forwarded-for`.
 */

import { proxy_get_property } from "@solo-io/proxy-runtime/assembly/imports";
import { ascii, lengthOf } from "./text";

// The path of a property: its parts, each ended by a NUL but the last.
const PATH = ascii("source\0address");
const result = memory.data(8, 8);

/** Bytes of the address that was asked for last; 0 when there is none. */
export let clientAddressLength: i32 = 0;

/** The address without its port, in the arena. */
export function addressOfClient(): usize {
  clientAddressLength = 0;
  store<u64>(result, 0);
  if (proxy_get_property(PATH, lengthOf(PATH), result, result + 4)) return 0;
  const text = <usize>load<u32>(result);
  let end = load<i32>(result, 4);
  while (end > 0 && load<u8>(text + end - 1) != 0x3a /* : */) end--;
  // Of a unix socket there is no address.
  clientAddressLength = max(end - 1, 0);
  return text;
}
