/**
 * Headers that no client may send: ours, which decide where a request goes, and those that steer Envoy's router.
 */

import { ascii, equalBytes } from "./host/text";

const OURS = ascii("x-sluice-");
const ENVOY = ascii("x-envoy-");
const UPSTREAM = ascii("upstream-");
const RETRY = ascii("retry");
const RETRIABLE = ascii("retriable");
const MAX_RETRIES = ascii("max-retries");
const HEDGE = ascii("hedge");
const DECORATOR = ascii("decorator-operation");
const EXPECTED = ascii("expected-rq-timeout-ms");
const FAULT = ascii("fault-");

/** Whether a header, whose name begins with `x-`, has to be dropped. */
export function isForged(name: usize, length: i32): bool {
  if (length < 9) return false;
  if (isOurs(name, length)) return true;
  if (!equalBytes(name, ENVOY, 8)) return false;
  name += 8;
  length -= 8;
  return (
    begins(name, length, UPSTREAM, 9) ||
    begins(name, length, RETRY, 5) ||
    begins(name, length, RETRIABLE, 9) ||
    begins(name, length, MAX_RETRIES, 11) ||
    begins(name, length, HEDGE, 5) ||
    begins(name, length, DECORATOR, 19) ||
    begins(name, length, EXPECTED, 22) ||
    begins(name, length, FAULT, 6)
  );
}

/** Whether a header is one of those that decide where a request goes. */
export function isOurs(name: usize, length: i32): bool {
  return begins(name, length, OURS, 9);
}

function begins(name: usize, length: i32, prefix: usize, prefixLength: i32): bool {
  return length >= prefixLength && equalBytes(name, prefix, prefixLength);
}
