/**
 * The one tick that everything is served by that has to happen later: delays that end, and counters that are told to the
 * host. The host has a tick for each root; that of one root is set, for whatever comes first.
 *
 * Where the tick of another root becomes the one, the first comes once more, and is then stopped.
 */

import { now } from "../host/clock";
import { setTick } from "../host/stream";

export const NEVER: u64 = u64.MAX_VALUE;
const MILLISECOND: u64 = 1000000;

/** The root whose tick is set, 0 when none is. */
let ticking: u32 = 0;
/** When it comes. */
let due: u64 = 0;

/** Has the tick come at a time at the latest. `root` is that of the context in effect. */
export function tickBy(time: u64, root: u32, milliseconds: u32): void {
  if (ticking && due <= time) return;
  ticking = root;
  due = time;
  setTick(milliseconds);
}

/** Sets the next tick of a root whose context is in effect; `time` is when there is something to do, or `NEVER`. */
export function setNextTick(root: u32, time: u64): void {
  const isOther = ticking && ticking != root;
  if (time == NEVER || (isOther && due <= time)) {
    if (!isOther) ticking = 0;
    setTick(0);
    return;
  }
  const present = now();
  const left =
    time > present ? <u32>min<u64>((time - present + MILLISECOND - 1) / MILLISECOND, i32.MAX_VALUE) : 1;
  ticking = root;
  due = time;
  setTick(left);
}

/** Stops that of a root that is about to go, whose context is in effect. */
export function stopTick(root: u32): void {
  if (ticking == root) ticking = 0;
  setTick(0);
}
