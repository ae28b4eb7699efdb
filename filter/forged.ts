/**
 * Headers that no client may send: ours, which decide where a request goes, and those that steer Envoy's router.
 */

import { ascii, beginsWith, lengthOf } from "./host/text";
import * as layout from "./layout";

const OURS = ascii(layout.OUR_PREFIX);
const ENVOY = ascii(layout.ENVOY_PREFIX);
// How the names of Envoy's go on that steer its router, inside the mesh as well. Those of its faults (`x-envoy-fault-…`)
// and of its traces are heard only by an Envoy that is told to, which none of ours is: they are the service's to read.
const UPSTREAM = ascii("upstream-");
const RETRY = ascii("retry");
const RETRIABLE = ascii("retriable");
const MAX_RETRIES = ascii("max-retries");
const HEDGE = ascii("hedge");
const EXPECTED = ascii("expected-rq-timeout-ms");

/** Whether a header, whose name begins with `x-`, has to be dropped. */
export function isForged(name: usize, length: i32): bool {
  // Nearly every name is told from both by its first bytes.
  if (length < <i32>sizeof<u64>()) return false;
  const first = load<u64>(name);
  if (first == load<u64>(OURS)) return isOurs(name, length);
  if (first != load<u64>(ENVOY) || !beginsWith(name, length, ENVOY)) return false;
  name += lengthOf(ENVOY);
  length -= lengthOf(ENVOY);
  return (
    beginsWith(name, length, UPSTREAM) ||
    beginsWith(name, length, RETRY) ||
    beginsWith(name, length, RETRIABLE) ||
    beginsWith(name, length, MAX_RETRIES) ||
    beginsWith(name, length, HEDGE) ||
    beginsWith(name, length, EXPECTED)
  );
}

/** Whether a header is one of those that decide where a request goes. */
export function isOurs(name: usize, length: i32): bool {
  return beginsWith(name, length, OURS);
}
