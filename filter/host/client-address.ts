/**
 * Where a request comes from, as Envoy has found out: the peer, or what it takes from `x-forwarded-for`.
 */

import { getProperty, propertyLength } from "./properties";
import { ascii } from "./text";

// The path of a property: its parts, each ended by a NUL but the last.
const PATH = ascii("source\0address");

/** Bytes of the address that was asked for last; 0 when there is none. */
export let clientAddressLength: i32 = 0;

/** The address without its port, in the arena. */
export function addressOfClient(): usize {
  const text = getProperty(PATH);
  let end = propertyLength;
  while (end > 0 && load<u8>(text + end - 1) != 0x3a /* : */) end--;
  // Of a unix socket there is no address.
  clientAddressLength = max(end - 1, 0);
  return text;
}
