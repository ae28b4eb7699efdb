/**
 * The weights that destinations have in their rules, as gauges beside what is counted: of rules that have counted and split.
 * When a listener's rules are read again, what is known of them gets its new weight, and what is gone 0; so the host's threads,
 * which share a gauge by its name, end with the same value whatever order they read in.
 *
 *     gauge   hash of the listener (u64) | value that was told (u64) | metric | pass in which it was last found
 */

import { heapAlloc, heapFree } from "../host/memory";
import { definedMetric, defineMetric, METRIC_GAUGE, setGauge } from "../host/metrics";
import * as layout from "../layout";
import { outcomeOf, ruleOf } from "../program/routes";
import { destinationsOf } from "./counters";
import { knownMetric, noteMetric, UNKNOWN } from "./known-metrics";
import { hashName } from "./name-hash";
import { clusterLabel, leadsToClusters, nameWeight, statName, statNameLength } from "./stat-name";

const GAUGE_SIZE: usize = 24;
const FIRST_CAPACITY: u32 = 64;

let gauges: usize = 0;
let capacity: u32 = 0;
let count: u32 = 0;
let pass: u32 = 0;

/** Tells the weight of a destination of a split. Whether its gauge had to be defined. */
export function tellWeight(program: usize, route: u32, destination: u32): bool {
  nameWeight(program, route, destination);
  const hash = hashName(statName, statNameLength());
  let index = knownMetric(hash);
  const isNew = index == UNKNOWN;
  if (isNew) {
    if (count == capacity && !grow()) return false;
    if (!defineMetric(METRIC_GAUGE, statName, statNameLength()) || !noteMetric(hash, count)) return true;
    index = count++;
    const gauge = gaugeAt(index);
    store<u64>(gauge, hashListener(program));
    // Whatever it is there, it is told.
    store<u64>(gauge, u64.MAX_VALUE, 8);
    store<u32>(gauge, definedMetric(), 16);
  }
  tell(gaugeAt(index), weightOf(program, outcomeOf(program, route), destination));
  return isNew;
}

/** Tells the new weights of what is known of a listener, whose rules these are now. */
export function tellWeightsAgain(program: usize): void {
  const listener = hashListener(program);
  if (!knowsAny(listener)) return;
  pass++;
  const routes = load<u32>(program, layout.HEADER_ROUTE_COUNT);
  for (let route: u32 = 0; route < routes; route++) {
    const record = outcomeOf(program, route);
    if (!ruleOf(program, route) || !leadsToClusters(record)) continue;
    const destinations = destinationsOf(record);
    for (let destination: u32 = 0; destination < destinations; destination++) {
      nameWeight(program, route, destination);
      const index = knownMetric(hashName(statName, statNameLength()));
      if (index == UNKNOWN) continue;
      store<u32>(gaugeAt(index), pass, 20);
      tell(gaugeAt(index), weightOf(program, record, destination));
    }
  }
  tellGone(listener);
}

/** Tells that a listener has no rules any more. */
export function forgetWeights(program: usize): void {
  pass++;
  tellGone(hashListener(program));
}

function tellGone(listener: u64): void {
  const end = gaugeAt(count);
  for (let gauge = gauges; gauge < end; gauge += GAUGE_SIZE) {
    if (load<u64>(gauge) == listener && load<u32>(gauge, 20) != pass) tell(gauge, 0);
  }
}

function knowsAny(listener: u64): bool {
  const end = gaugeAt(count);
  for (let gauge = gauges; gauge < end; gauge += GAUGE_SIZE) {
    if (load<u64>(gauge) == listener) return true;
  }
  return false;
}

function tell(gauge: usize, value: u64): void {
  if (load<u64>(gauge, 8) == value) return;
  store<u64>(gauge, value, 8);
  setGauge(load<u32>(gauge, 16), value);
}

/** Of all parts of a split that go where one of them goes; a destination alone has 1. */
function weightOf(program: usize, record: usize, destination: u32): u64 {
  if ((load<u32>(record) & layout.RECORD_KIND_MASK) != layout.KIND_FORWARD) return 1;
  const wanted = clusterLabel(program, record, destination);
  const shares = destinationsOf(record);
  let sum: u64 = 0;
  let before: u64 = 0;
  for (let i: u32 = 0; i < shares; i++) {
    const cumulative = load<u64>(record + layout.FORWARD_SHARES + <usize>i * layout.SHARE_SIZE);
    // Equal strings of a program are the same.
    if (load<u64>(clusterLabel(program, record, i)) == load<u64>(wanted)) sum += cumulative - before;
    before = cumulative;
  }
  return sum;
}

function hashListener(program: usize): u64 {
  return hashName(
    program + load<u32>(program, layout.HEADER_STRINGS) + load<u32>(program, layout.HEADER_LISTENER),
    load<u32>(program, layout.HEADER_LISTENER_LENGTH),
  );
}

function gaugeAt(index: u32): usize {
  return gauges + <usize>index * GAUGE_SIZE;
}

function grow(): bool {
  const wanted = capacity ? capacity << 1 : FIRST_CAPACITY;
  const grown = heapAlloc(<usize>wanted * GAUGE_SIZE);
  if (!grown) return false;
  memory.fill(grown, 0, <usize>wanted * GAUGE_SIZE);
  memory.copy(grown, gauges, <usize>count * GAUGE_SIZE);
  heapFree(gauges);
  gauges = grown;
  capacity = wanted;
  return true;
}
