/**
 * The proxy-wasm callbacks (ABI 0.2.1). Only those that are needed are exported: each exported callback costs a
 * call into the VM for every request.
 */

import { proxy_get_buffer_bytes } from "@solo-io/proxy-runtime/assembly/imports";
import "./host/abort";
import { decide, decideAfterDelay } from "./decide";
import {
  anyWaiting,
  dueDrawn,
  dueOutcome,
  dueRoot,
  forget,
  forgetFirst,
  nextDue,
  scheduleTick,
} from "./delays";
import { decodeGuestProgram, isGuestConfiguration } from "./guest";
import { now } from "./host/clock";
import { LOG_ERROR, logNumber, logSend, logText } from "./host/log";
import { arenaReset, heapFree, hostAlloc, setHostBuffersOnHeap } from "./host/memory";
import { seedRandom } from "./host/random";
import { enter, respond, resume, STOP_ITERATION } from "./host/stream";
import { loadProgram } from "./load/load";
import { refusal, refusalOffset } from "./program/verify/refusal";
import { addRoot, anyRoot, deleteRoot, findRoot, rootProgram, setRootProgram } from "./roots";
import { addStream, findStream, removeStream, streamQueuePosition, streamRoot } from "./streams";

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
  if (!program) {
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
  setRootProgram(root, program, isGuest);
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
    if (enter(stream) && decideAfterDelay(dueRoot, dueOutcome, dueDrawn)) resume();
    forgetFirst();
  }
  scheduleTick(root);
}

export function proxy_on_delete(id: u32): void {
  const entry = findStream(id);
  if (entry) {
    const position = streamQueuePosition(entry);
    if (position) forget(position);
    const again = findStream(id);
    if (again) removeStream(again);
    return;
  }
  const root = findRoot(id);
  if (!root) return;
  deleteRoot(root);
  // Its tick is gone with it, and others may have relied on that.
  const other = anyRoot();
  if (other && anyWaiting()) scheduleTick(other);
}
