/**
 * Splits that are a function of who asks, by weighted rendezvous hashing: each destination draws a number from the
 * hash of the user and its own, exponentially distributed with its weight as rate, and the smallest wins. Where a
 * destination's weight grows against the others, only users that it wins move.
 */

import { addressOfClient, clientAddressLength } from "../host/client-address";
import { equalBytes } from "../host/text";
import * as layout from "../layout";
import { strings } from "../program/current";
import { hash64, mix64 } from "../program/hash";
import { lineLength, lineNext, lineText } from "../program/lines";
import { attributeLine } from "../program/request";

/** What is to be hashed. */
let value: usize = 0;
let valueLength: i32 = 0;

/** The share that the request's value chooses from those between `first` and `end`; 0 when it has no value. */
export function stickyShare(sticky: usize, first: usize, end: usize): usize {
  if (!findValue(sticky)) return 0;
  const user = hash64(value, valueLength);
  let key = sticky + layout.STICKY_KEYS;
  let least = Infinity;
  let chosen = first;
  let below: u64 = 0;
  for (let share = first; share < end; share += layout.SHARE_SIZE, key += 8) {
    const cumulative = load<u64>(share, layout.SHARE_CUMULATIVE);
    // 53 bits are what a float holds; half a step keeps it off 0 and 1.
    const part = (<f64>(mix64(user ^ load<u64>(key)) >> 11) + 0.5) / 9007199254740992.0;
    const drawn = -Math.log(part) / <f64>(cumulative - below);
    below = cumulative;
    if (drawn < least) {
      least = drawn;
      chosen = share;
    }
  }
  return chosen;
}

function findValue(sticky: usize): bool {
  const source = load<u32>(sticky, layout.STICKY_SOURCE);
  if (source == layout.STICKY_BY_ADDRESS) {
    value = addressOfClient();
    valueLength = clientAddressLength;
    return valueLength > 0;
  }
  let line = attributeLine(load<u32>(sticky, layout.STICKY_ATTRIBUTE));
  if (source == layout.STICKY_BY_COOKIE) {
    const name = strings + load<u32>(sticky, layout.STICKY_NAME);
    const nameLength = load<i32>(sticky, layout.STICKY_NAME_LENGTH);
    while (line && !findCookie(lineText(line), lineLength(line), name, nameLength)) line = lineNext(line);
    return line && valueLength > 0;
  }
  if (!line) return false;
  value = lineText(line);
  valueLength = lineLength(line);
  return valueLength > 0;
}

/** Looks for `name=value` among pairs that semicolons separate (RFC 6265); quotes are no part of a value. */
function findCookie(text: usize, length: i32, name: usize, nameLength: i32): bool {
  const end = text + length;
  let at = text;
  while (at < end) {
    while (at < end && (load<u8>(at) == 0x20 || load<u8>(at) == 0x3b) /* blank, ; */) at++;
    const pair = at;
    while (at < end && load<u8>(at) != 0x3b /* ; */) at++;
    if (
      <i32>(at - pair) <= nameLength ||
      load<u8>(pair + nameLength) != 0x3d /* = */ ||
      !equalBytes(pair, name, nameLength)
    ) {
      continue;
    }
    let from = pair + nameLength + 1;
    let to = at;
    while (to > from && load<u8>(to - 1) == 0x20) to--;
    if (to - from >= 2 && load<u8>(from) == 0x22 /* " */ && load<u8>(to - 1) == 0x22) {
      from++;
      to--;
    }
    value = from;
    valueLength = <i32>(to - from);
    return true;
  }
  return false;
}
