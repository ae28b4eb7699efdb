/**
 * The proxy-wasm callbacks (ABI 0.2.1). Only those that are needed are exported: each exported callback costs a
 * call into the VM for every request.
 */

import { proxy_get_buffer_bytes } from "@solo-io/proxy-runtime/assembly/imports";
import "./host/abort";
import {
  addRoot,
  anyRoot,
  deleteRoot,
  findRoot,
  isDeleted,
  isGuestRoot,
  isNewestOfListener,
  isOnlyRoot,
  newestLike,
  rootCounters,
  rootProgram,
  setRootProgram,
} from "./contexts/roots";
import { addStream, findStream, removeStream, streamQueuePosition, streamRoot } from "./contexts/streams";
import { NEVER, setNextTick, stopTick } from "./contexts/tick";
import { countOfRoute, createCounters, flushDue, freeRoot, LEFT_SLOT } from "./counters/counters";
import { flush, flushLast } from "./counters/flush";
import { forgetWeights, tellWeightsAgain } from "./counters/weights";
import { decide, decideAfterDelay } from "./decide";
import {
  dueDrawn,
  dueRoot,
  dueRoute,
  firstDeadline,
  forget,
  forgetFirst,
  nextDue,
  waitingRoute,
} from "./delays";
import { decodeGuestProgram, isGuestConfiguration } from "./guest";
import { now } from "./host/clock";
import { LOG_ERROR, logNumber, logSend, logText } from "./host/log";
import { arenaReset, heapFree, hostAlloc, setHostBuffersOnHeap } from "./host/memory";
import { seedRandom } from "./host/random";
import { enter, respond, resume, STOP_ITERATION } from "./host/stream";
import * as layout from "./layout";
import { loadProgram } from "./load/load";
import { refusal, refusalOffset, refuse } from "./program/verify/refusal";

// For hosts that want to know more than Envoy asks for: what the last request took, and what all took from the heap.
export { decidedDestination, decidedRoute } from "./decide";
export { heapAllocations } from "./host/memory";

const PLUGIN_CONFIGURATION: i32 = 7;

export function proxy_abi_version_0_2_1(): void {}

/** The host's buffers come from here. */
export function malloc(size: usize): usize {
  return hostAlloc(size);
}

export function proxy_on_context_create(id: u32, parent: u32): void {
  if (!parent) {
    addRoot(id);
    return;
  }
  const root = findRoot(parent);
  if (root) addStream(id, root);
}

export function proxy_on_vm_start(root: u32, size: u32): u32 {
  seedRandom();
  return 1;
}

/** Takes a program. Answering 0 makes Envoy refuse it and keep the one before. */
export function proxy_on_configure(id: u32, size: u32): u32 {
  const root = findRoot(id);
  if (!root) return 0;
  const result = memory.data(8, 8);
  store<u64>(result, 0);
  setHostBuffersOnHeap(true);
  const failed = size ? proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, size, result, result + 4) : 0;
  setHostBuffersOnHeap(false);
  const blob = <usize>load<u32>(result);
  if (failed) {
    logText("the routing program is refused: it cannot be read");
    logSend(LOG_ERROR);
    return 0;
  }
  const isGuest = isGuestConfiguration(blob, load<u32>(result, 4));
  const length = isGuest ? decodeGuestProgram(blob, load<u32>(result, 4)) : load<u32>(result, 4);
  const program = loadProgram(blob, length);
  const isCounted = program && (load<u32>(program, layout.HEADER_FLAGS) & layout.FLAG_COUNTERS) != 0;
  const counters = isCounted ? createCounters(program) : 0;
  if (isCounted && !counters) refuse("there is no memory for its counters", layout.HEADER_ROUTE_COUNT);
  if (!program || (isCounted && !counters)) {
    heapFree(program);
    logText("the routing program is refused: ");
    logText(refusal);
    logText(" (at byte ");
    logNumber(refusalOffset);
    logText(" of ");
    logNumber(length);
    logText(")");
    logSend(LOG_ERROR);
    return 0;
  }
  setRootProgram(root, program, counters, isGuest);
  if (counters && !isGuest) tellWeightsAgain(program);
  // What others left behind.
  if (nextWork() != NEVER) setNextTick(id, nextWork());
  return 1;
}

export function proxy_on_request_headers(id: u32, count: u32, endOfStream: u32): u32 {
  arenaReset();
  const entry = findStream(id);
  const root = entry ? streamRoot(entry) : 0;
  if (!root || !rootProgram(root)) {
    // Cannot happen with Envoy; a request without a program goes nowhere.
    respond(500, 0, 0, 0, 0);
    return STOP_ITERATION;
  }
  return decide(id, root);
}

export function proxy_on_tick(root: u32): void {
  const time = now();
  for (let stream = nextDue(time); stream; stream = nextDue(time)) {
    arenaReset();
    if (enter(stream) && decideAfterDelay(dueRoot, dueRoute, dueDrawn)) resume();
    forgetFirst();
  }
  if (flushDue <= time) flush(time);
  enter(root);
  setNextTick(root, nextWork());
}

/** When there is something to do that no request waits for the end of. */
function nextWork(): u64 {
  return min(firstDeadline(), flushDue);
}

export function proxy_on_delete(id: u32): void {
  const entry = findStream(id);
  if (entry) {
    const position = streamQueuePosition(entry);
    if (position) {
      const isLate = isDeleted(streamRoot(entry));
      countOfRoute(streamRoot(entry), waitingRoute(position), LEFT_SLOT);
      forget(position);
      if (isLate) tickOfAnother();
    }
    const again = findStream(id);
    if (again) removeStream(again);
    return;
  }
  const root = findRoot(id);
  if (!root) return;
  stopTick(id);
  if (rootCounters(root)) leaveCounters(root);
  deleteRoot(root);
  freeRoot(root);
  tickOfAnother();
}

/** The tick of a root that is gone is gone with it: what is still to be done is left to one that is there. */
function tickOfAnother(): void {
  const other = anyRoot();
  if (!other || nextWork() == NEVER) return;
  enter(other);
  setNextTick(other, nextWork());
}

/** Tells what a root has counted that is about to go. */
function leaveCounters(root: usize): void {
  const program = rootProgram(root);
  if (!isGuestRoot(root) && isNewestOfListener(root)) {
    const heir = newestLike(root, true);
    if (heir) tellWeightsAgain(rootProgram(heir));
    else forgetWeights(program);
  }
  flushLast(root, isOnlyRoot(root));
}
