/**
 * Tells the host what was counted, from a tick. A worker of the host stands still meanwhile, so a tick does only so much, and the
 * next one goes on soon.
 *
 * What a root has counted outlives it: it is freed when the host knows all of it.
 */

import {
  firstRoot,
  isGuestRoot,
  isNewestOfListener,
  nextRoot,
  rootCounters,
  rootProgram,
} from "../contexts/roots";
import { NEVER } from "../contexts/tick";
import { addToCounter, definedMetric, defineMetric, METRIC_COUNTER } from "../host/metrics";
import * as layout from "../layout";
import { outcomeOf, ruleOf } from "../program/routes";
import {
  ABORT_SLOT,
  BEFORE_SLOTS,
  COUNTER_SIZE,
  clearPending,
  DELAY_SLOT,
  dequeue,
  destinationsOf,
  enqueue,
  firstCounter,
  freeRoot,
  HOST_SLOT,
  isEnqueued,
  isWeightTold,
  LEFT_SLOT,
  LIMITED_SLOT,
  lastInQueue,
  metricOf,
  pendingOf,
  routeOf,
  setFlushDue,
  setMetric,
  setWeightTold,
  unmatchedCounter,
} from "./counters";
import { knownMetric, noteMetric, UNKNOWN } from "./known-metrics";
import { hashName } from "./name-hash";
import {
  nameDestination,
  nameFault,
  nameUnmatched,
  nameUnserved,
  statName,
  statNameLength,
} from "./stat-name";
import { tellWeight } from "./weights";

/** What a tick may spend: adding to a counter costs 1, and to find what a name is known as 4. */
const BUDGET: i32 = 4096;
const NAME_COST: i32 = 4;
/** How many names a tick may define, each of which costs the host a hundred times as much. */
const DEFINES: i32 = 16;
const REST_MS: u64 = 10;
const MILLISECOND: u64 = 1000000;

/** Noted for a counter in the place of an id: the host has no statistic for it. */
const NO_METRIC: u32 = 0xffffffff;

let budget: i32 = 0;
let defines: i32 = 0;
/** Which root comes first: each in its turn, lest new names of one keep those of others waiting. */
let turn: u32 = 0;

/** Tells what a tick may tell, at a time. */
export function flush(time: u64): void {
  beginTick();
  turn++;
  let roots: u32 = 0;
  for (let root = firstRoot(); root; root = nextRoot(root)) roots++;
  if (roots) {
    let root = firstRoot();
    for (let skip = turn % roots; skip; skip--) root = nextRoot(root);
    for (let i: u32 = 0; i < roots && budget > 0; i++) {
      flushRoot(root);
      root = nextRoot(root);
      if (!root) root = firstRoot();
    }
  }
  let isDone = true;
  let next: usize = 0;
  for (let root = firstRoot(); root; root = next) {
    next = nextRoot(root);
    const block = rootCounters(root);
    if (block && lastInQueue(block)) isDone = false;
    freeRoot(root);
  }
  setFlushDue(isDone ? NEVER : time + REST_MS * MILLISECOND);
}

/** Tells what was counted for a root that goes: all of it where no other is left, whose tick could tell the rest. */
export function flushLast(root: usize, isAlone: bool): void {
  do {
    beginTick();
  } while (!flushRoot(root) && isAlone);
}

function beginTick(): void {
  budget = BUDGET;
  defines = DEFINES;
}

/** Tells what was counted for a root so far, as far as the budget goes. Whether that is all. */
function flushRoot(root: usize): bool {
  const block = rootCounters(root);
  if (!block) return true;
  const last = lastInQueue(block);
  if (!last) return true;
  let counter: usize = 0;
  while (counter != last && budget > 0) {
    counter = dequeue(block);
    if (!tellCounter(root, block, counter)) enqueue(block, counter);
  }
  return !lastInQueue(block);
}

/** False when there is no time for it before the next tick. */
function tellCounter(root: usize, block: usize, counter: usize): bool {
  budget--;
  if (!isWeightTold(counter)) {
    if (defines <= 0) return false;
    tellWeightOf(root, block, counter);
  }
  const pending = pendingOf(counter);
  if (!pending) return true;
  if (!metricOf(counter)) {
    if (defines <= 0) return false;
    findMetric(root, block, counter);
  }
  clearPending(counter);
  if (metricOf(counter) != NO_METRIC) addToCounter(metricOf(counter) - 1, pending);
  return true;
}

/** Finds the metric of a counter by its name, or defines it. */
function findMetric(root: usize, block: usize, counter: usize): void {
  nameCounter(root, block, counter);
  const hash = hashName(statName, statNameLength());
  budget -= NAME_COST;
  const known = knownMetric(hash);
  if (known != UNKNOWN) {
    setMetric(counter, known + 1);
    return;
  }
  defines--;
  const isNoted =
    defineMetric(METRIC_COUNTER, statName, statNameLength()) && noteMetric(hash, definedMetric());
  setMetric(counter, isNoted ? definedMetric() + 1 : NO_METRIC);
}

function nameCounter(root: usize, block: usize, counter: usize): void {
  const program = rootProgram(root);
  const route = routeOf(counter);
  if (route == layout.ROUTE_NONE) {
    nameUnmatched(program, slotAmong(unmatchedCounter(block), counter) == HOST_SLOT);
    return;
  }
  let slot = slotAmong(firstCounter(block, route), counter);
  if (load<u32>(outcomeOf(program, route), layout.OUTCOME_BEFORE)) {
    if (slot == DELAY_SLOT || slot == ABORT_SLOT) {
      nameFault(program, route, slot == ABORT_SLOT);
      return;
    }
    if (slot == LEFT_SLOT || slot == LIMITED_SLOT) {
      nameUnserved(program, route, slot == LIMITED_SLOT);
      return;
    }
    slot -= BEFORE_SLOTS;
  }
  nameDestination(program, route, slot, isGuestRoot(root));
}

function slotAmong(first: usize, counter: usize): u32 {
  return <u32>((counter - first) / COUNTER_SIZE);
}

/**
 * Tells the weight of a destination that is a part of a split, and sees to it that the next one's is told, too: also of those that
 * have not counted yet.
 */
function tellWeightOf(root: usize, block: usize, counter: usize): void {
  setWeightTold(counter);
  const route = routeOf(counter);
  if (route == layout.ROUTE_NONE) return;
  const program = rootProgram(root);
  const record = outcomeOf(program, route);
  const destinations = destinationsOf(record);
  const before: u32 = load<u32>(record, layout.OUTCOME_BEFORE) ? BEFORE_SLOTS : 0;
  const first = firstCounter(block, route) + <usize>before * COUNTER_SIZE;
  if (destinations < 2 || counter < first || !ruleOf(program, route)) return;
  if (isGuestRoot(root) || !isNewestOfListener(root)) return;
  const destination = slotAmong(first, counter);
  budget -= NAME_COST;
  if (tellWeight(program, route, destination)) defines--;
  const next = first + <usize>(destination + 1 == destinations ? 0 : destination + 1) * COUNTER_SIZE;
  if (!isWeightTold(next) && !isEnqueued(next)) enqueue(block, next);
}
