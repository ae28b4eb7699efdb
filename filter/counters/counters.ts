/**
 * What the filter counts, in its own memory: a block for each root, made when its program is taken. To count is to add one,
 * and to put what was zero into the queue of what the host is to be told of (`flush.ts`).
 *
 *     block     first in the queue | last | counters | (first counter) × routes | counter × counters
 *     counter   pending | next in the queue, END, or 0: not in it | metric | route, and whether its weight was told
 *
 * The first two counters are of requests that no rule took. Counters belong to routes, not to outcomes, which routes share:
 * of faults and limits, if the route has one, and of each destination, or of the answer.
 */

import { freeIfDone, isDeleted, rootCounters, rootId } from "../contexts/roots";
import { NEVER, tickBy } from "../contexts/tick";
import { now } from "../host/clock";
import { heapAlloc } from "../host/memory";
import * as layout from "../layout";
import { outcomeOf } from "../program/routes";

const QUEUE_FIRST: usize = 0;
const QUEUE_LAST: usize = 4;
const COUNTERS: usize = 8;
const FIRST_COUNTERS: usize = 12;

export const COUNTER_SIZE: usize = 16;
const COUNTER_NEXT: usize = 4;
const COUNTER_METRIC: usize = 8;
const COUNTER_ROUTE: usize = 12;
/** The last in the queue; no counter is there. */
const END: u32 = 1;
/** In the place of a route. */
export const WEIGHT_TOLD: u32 = 0x80000000;

/** Of what became of a route that has something before it, a fault or a limit; then those of its destinations follow. */
export const DELAY_SLOT: u32 = 0;
export const ABORT_SLOT: u32 = 1;
export const LEFT_SLOT: u32 = 2;
export const LIMITED_SLOT: u32 = 3;
export const BEFORE_SLOTS: u32 = 4;
/** Of what no rule took. */
export const HOST_SLOT: u32 = 0;
export const RULE_SLOT: u32 = 1;
const UNMATCHED_SLOTS: u32 = 2;

/** What was counted is told so much later. */
const INTERVAL_MS: u32 = 1000;
const MILLISECOND: u64 = 1000000;

/** When the host is to be told of what was counted; `NEVER`: it knows. */
export let flushDue: u64 = NEVER;

export function setFlushDue(time: u64): void {
  flushDue = time;
}

/** Counters for a verified program; 0 when there is no memory for them. */
export function createCounters(program: usize): usize {
  const routes = load<u32>(program, layout.HEADER_ROUTE_COUNT);
  let count = UNMATCHED_SLOTS;
  for (let route: u32 = 0; route < routes; route++) count += slotsOf(program, route);
  const counters = (FIRST_COUNTERS + ((<usize>routes) << 2) + 15) & ~15;
  const size = counters + <usize>count * COUNTER_SIZE;
  const block = heapAlloc(size);
  if (!block) return 0;
  memory.fill(block, 0, size);
  let counter = block + counters;
  store<u32>(block, <u32>counter, COUNTERS);
  for (let slot: u32 = 0; slot < UNMATCHED_SLOTS; slot++, counter += COUNTER_SIZE) {
    store<u32>(counter, layout.ROUTE_NONE, COUNTER_ROUTE);
  }
  for (let route: u32 = 0; route < routes; route++) {
    store<u32>(block + ((<usize>route) << 2), <u32>counter, FIRST_COUNTERS);
    for (let slots = slotsOf(program, route); slots; slots--, counter += COUNTER_SIZE) {
      store<u32>(counter, route, COUNTER_ROUTE);
    }
  }
  return block;
}

function slotsOf(program: usize, route: u32): u32 {
  const record = outcomeOf(program, route);
  return (load<u32>(record, layout.OUTCOME_BEFORE) ? BEFORE_SLOTS : 0) + destinationsOf(record);
}

/** How many destinations an outcome has; an answer has one. */
export function destinationsOf(record: usize): u32 {
  const head = load<u32>(record);
  return (head & layout.RECORD_KIND_MASK) == layout.KIND_FORWARD
    ? (((head >> layout.RECORD_SIZE_SHIFT) << 2) - layout.FORWARD_SHARES) / layout.SHARE_SIZE
    : 1;
}

/** Counts for a root what became of a request of a route: `slot` is among all of the route. */
export function countOfRoute(root: usize, route: u32, slot: u32): void {
  const block = rootCounters(root);
  if (block) count(root, block, firstCounter(block, route) + <usize>slot * COUNTER_SIZE);
}

/** Counts a request that no rule took. */
export function countUnmatched(root: usize, slot: u32): void {
  const block = rootCounters(root);
  if (block) count(root, block, <usize>load<u32>(block, COUNTERS) + <usize>slot * COUNTER_SIZE);
}

function count(root: usize, block: usize, counter: usize): void {
  store<u32>(counter, load<u32>(counter) + 1);
  if (load<u32>(counter, COUNTER_NEXT)) return;
  enqueue(block, counter);
  if (flushDue != NEVER) return;
  flushDue = now() + <u64>INTERVAL_MS * MILLISECOND;
  // Who counts for a root that is gone has another one's tick set.
  if (!isDeleted(root)) tickBy(flushDue, rootId(root), INTERVAL_MS);
}

/** Puts a counter that is not in the queue behind all that are. */
export function enqueue(block: usize, counter: usize): void {
  store<u32>(counter, END, COUNTER_NEXT);
  const last = <usize>load<u32>(block, QUEUE_LAST);
  if (last) store<u32>(last, <u32>counter, COUNTER_NEXT);
  else store<u32>(block, <u32>counter, QUEUE_FIRST);
  store<u32>(block, <u32>counter, QUEUE_LAST);
}

/** Takes the first out of the queue; 0 when it is empty. */
export function dequeue(block: usize): usize {
  const counter = <usize>load<u32>(block, QUEUE_FIRST);
  if (!counter) return 0;
  const next = load<u32>(counter, COUNTER_NEXT);
  store<u32>(counter, 0, COUNTER_NEXT);
  store<u32>(block, next == END ? 0 : next, QUEUE_FIRST);
  if (next == END) store<u32>(block, 0, QUEUE_LAST);
  return counter;
}

export function isEnqueued(counter: usize): bool {
  return load<u32>(counter, COUNTER_NEXT) != 0;
}

/** The last in the queue, 0 when it is empty. */
export function lastInQueue(block: usize): usize {
  return <usize>load<u32>(block, QUEUE_LAST);
}

/** Frees a root that is gone as soon as no request waits for it and the host knows what it counted. */
export function freeRoot(root: usize): void {
  const block = rootCounters(root);
  if (!block || !lastInQueue(block)) freeIfDone(root);
}

export function firstCounter(block: usize, route: u32): usize {
  return <usize>load<u32>(block + ((<usize>route) << 2), FIRST_COUNTERS);
}

/** The first counter of what no rule took. */
export function unmatchedCounter(block: usize): usize {
  return <usize>load<u32>(block, COUNTERS);
}

/** What was counted and not yet told. */
export function pendingOf(counter: usize): u32 {
  return load<u32>(counter);
}

export function clearPending(counter: usize): void {
  store<u32>(counter, 0);
}

/** The metric that a counter is told to, as it was noted; 0: none yet. */
export function metricOf(counter: usize): u32 {
  return load<u32>(counter, COUNTER_METRIC);
}

export function setMetric(counter: usize, metric: u32): void {
  store<u32>(counter, metric, COUNTER_METRIC);
}

/** ROUTE_NONE for what no rule took. */
export function routeOf(counter: usize): u32 {
  return load<u32>(counter, COUNTER_ROUTE) & ~WEIGHT_TOLD;
}

/** Whether the weight of a destination was told. */
export function isWeightTold(counter: usize): bool {
  return (load<u32>(counter, COUNTER_ROUTE) & WEIGHT_TOLD) != 0;
}

export function setWeightTold(counter: usize): void {
  store<u32>(counter, load<u32>(counter, COUNTER_ROUTE) | WEIGHT_TOLD, COUNTER_ROUTE);
}
