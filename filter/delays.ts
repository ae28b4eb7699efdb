/**
 * Requests that wait for an injected delay: a binary heap by deadline. When nothing waits, nothing ticks for it.
 *
 *     waiting   deadline in ns (u64) | stream | root | route | what was drawn before the wait
 */

import { holdRoot, releaseRoot, rootId } from "./contexts/roots";
import { findStream, setStreamQueuePosition } from "./contexts/streams";
import { NEVER, tickBy } from "./contexts/tick";
import { freeRoot } from "./counters/counters";
import { now } from "./host/clock";
import { heapAlloc, heapFree } from "./host/memory";

const WAITING_SIZE: usize = 24;
const FIRST_CAPACITY: u32 = 64;
/** More than so many requests never wait at once; the next ones are not delayed. */
const MAX_WAITING: u32 = 65536;

let queue: usize = 0;
let capacity: u32 = 0;
let count: u32 = 0;

/** Lets a stream wait. False when too many do. Called with the stream's context in effect. */
export function wait(stream: u32, root: usize, route: u32, drawn: u32, milliseconds: u32): bool {
  if (count == capacity && !grow()) return false;
  // A tick of 0 would be none.
  milliseconds = max<u32>(milliseconds, 1);
  const deadline = now() + <u64>milliseconds * 1000000;
  const index = count++;
  const waiting = at(index);
  store<u64>(waiting, deadline);
  store<u32>(waiting, stream, 8);
  store<u32>(waiting, <u32>root, 12);
  store<u32>(waiting, route, 16);
  store<u32>(waiting, drawn, 20);
  setPosition(index);
  holdRoot(root);
  rise(index);
  if (load<u32>(queue, 8) == stream) tickBy(deadline, rootId(root), milliseconds);
  return true;
}

/** The route of a stream that waits. `position` is what its entry holds. */
export function waitingRoute(position: u32): u32 {
  return load<u32>(at(position - 1), 16);
}

/** Takes a stream that is gone out of the queue. `position` is what its entry holds. */
export function forget(position: u32): void {
  removeAt(position - 1);
}

/** Takes out the one that `nextDue` returned. */
export function forgetFirst(): void {
  removeAt(0);
}

/** When the first has waited long enough; `NEVER` when none waits. */
export function firstDeadline(): u64 {
  return count ? load<u64>(queue) : NEVER;
}

/** The next stream whose time has come, which stays in the queue; 0 when there is none. */
export function nextDue(time: u64): u32 {
  if (!count || load<u64>(queue) > time) return 0;
  dueRoute = load<u32>(queue, 16);
  dueDrawn = load<u32>(queue, 20);
  dueRoot = load<u32>(queue, 12);
  return load<u32>(queue, 8);
}

/** Of the stream that `nextDue` returned. */
export let dueRoute: u32 = 0;
export let dueDrawn: u32 = 0;
export let dueRoot: usize = 0;

function at(index: u32): usize {
  return queue + <usize>index * WAITING_SIZE;
}

function setPosition(index: u32): void {
  const entry = findStream(load<u32>(at(index), 8));
  if (entry) setStreamQueuePosition(entry, index + 1);
}

function removeAt(index: u32): void {
  const root = <usize>load<u32>(at(index), 12);
  const entry = findStream(load<u32>(at(index), 8));
  if (entry) setStreamQueuePosition(entry, 0);
  count--;
  if (index < count) {
    memory.copy(at(index), at(count), WAITING_SIZE);
    setPosition(index);
    rise(index);
    sink(index);
  }
  releaseRoot(root);
  freeRoot(root);
}

function rise(index: u32): void {
  while (index) {
    const parent = (index - 1) >> 1;
    if (load<u64>(at(parent)) <= load<u64>(at(index))) return;
    swap(index, parent);
    index = parent;
  }
}

function sink(index: u32): void {
  for (;;) {
    let least = index;
    const left = (index << 1) + 1;
    if (left < count && load<u64>(at(left)) < load<u64>(at(least))) least = left;
    if (left + 1 < count && load<u64>(at(left + 1)) < load<u64>(at(least))) least = left + 1;
    if (least == index) return;
    swap(index, least);
    index = least;
  }
}

const spare = memory.data(24, 8);

function swap(a: u32, b: u32): void {
  memory.copy(spare, at(a), WAITING_SIZE);
  memory.copy(at(a), at(b), WAITING_SIZE);
  memory.copy(at(b), spare, WAITING_SIZE);
  setPosition(a);
  setPosition(b);
}

function grow(): bool {
  const wanted = capacity ? capacity << 1 : FIRST_CAPACITY;
  if (wanted > MAX_WAITING) return false;
  const grown = heapAlloc(<usize>wanted * WAITING_SIZE);
  if (!grown) return false;
  memory.copy(grown, queue, <usize>count * WAITING_SIZE);
  heapFree(queue);
  queue = grown;
  capacity = wanted;
  return true;
}
