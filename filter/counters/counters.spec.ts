import { heapAlloc } from "../host/memory";
import * as layout from "../layout";
import {
  COUNTER_SIZE,
  clearPending,
  createCounters,
  dequeue,
  enqueue,
  firstCounter,
  isEnqueued,
  isWeightTold,
  lastInQueue,
  pendingOf,
  routeOf,
  setWeightTold,
  unmatchedCounter,
} from "./counters";
import { knownMetric, noteMetric, UNKNOWN } from "./known-metrics";
import { hashName } from "./name-hash";

/** A program of two routes: one that splits in two and has a fault, and one that answers. */
function program(): usize {
  const blob = heapAlloc(512);
  memory.fill(blob, 0, 512);
  const split: u32 = layout.HEADER_SIZE;
  const splitSize = layout.FORWARD_SHARES + 2 * layout.SHARE_SIZE;
  const answer = split + splitSize;
  store<u32>(blob + split, layout.KIND_FORWARD | ((splitSize >> 2) << layout.RECORD_SIZE_SHIFT));
  store<u32>(blob + split, 4, layout.OUTCOME_BEFORE);
  store<u32>(blob + answer, layout.KIND_RESPONSE | ((layout.RESPONSE_SIZE >> 2) << layout.RECORD_SIZE_SHIFT));
  const routes = answer + layout.RESPONSE_SIZE;
  store<u32>(blob + routes, split);
  store<u32>(blob + routes, answer, 4);
  store<u32>(blob, routes, layout.HEADER_ROUTES);
  store<u32>(blob, 2, layout.HEADER_ROUTE_COUNT);
  return blob;
}

describe("counters", () => {
  it("are two of what no rule took, and of each route as many as it has ends", () => {
    const block = createCounters(program());
    const unmatched = unmatchedCounter(block);
    expect(firstCounter(block, 0)).toBe(unmatched + 2 * COUNTER_SIZE);
    expect(firstCounter(block, 1)).toBe(firstCounter(block, 0) + 6 * COUNTER_SIZE);
    expect(routeOf(unmatched)).toBe(layout.ROUTE_NONE);
    expect(routeOf(firstCounter(block, 1) - COUNTER_SIZE)).toBe(0);
    expect(routeOf(firstCounter(block, 1))).toBe(1);
  });

  it("stand in a queue once, in the order in which they came", () => {
    const block = createCounters(program());
    const first = firstCounter(block, 0);
    for (let i: usize = 0; i < 3; i++) enqueue(block, first + i * COUNTER_SIZE);
    expect(lastInQueue(block)).toBe(first + 2 * COUNTER_SIZE);
    expect(dequeue(block)).toBe(first);
    expect(isEnqueued(first)).toBe(false);
    enqueue(block, first);
    expect(dequeue(block)).toBe(first + COUNTER_SIZE);
    expect(dequeue(block)).toBe(first + 2 * COUNTER_SIZE);
    expect(isEnqueued(first)).toBe(true);
    expect(dequeue(block)).toBe(first);
    expect(<u32>dequeue(block)).toBe(0);
    expect(<u32>lastInQueue(block)).toBe(0);
  });

  it("know their route when their weight is told, too", () => {
    const block = createCounters(program());
    const counter = firstCounter(block, 1);
    expect(isWeightTold(counter)).toBe(false);
    setWeightTold(counter);
    expect(isWeightTold(counter)).toBe(true);
    expect(routeOf(counter)).toBe(1);
    expect(routeOf(unmatchedCounter(block))).toBe(layout.ROUTE_NONE);
    clearPending(counter);
    expect(pendingOf(counter)).toBe(0);
  });
});

describe("names of statistics", () => {
  it("are told apart at every byte and length", () => {
    const text = heapAlloc(64);
    memory.fill(text, 0x61, 64);
    let wrong = 0;
    for (let length: u32 = 1; length < 40; length++) {
      const before = hashName(text, length);
      if (before == hashName(text, length - 1) || before != hashName(text, length)) wrong++;
      for (let at: u32 = 0; at < length; at++) {
        store<u8>(text + at, 0x62);
        if (hashName(text, length) == before) wrong++;
        store<u8>(text + at, 0x61);
      }
    }
    expect(wrong).toBe(0);
  });

  it("are known once they are noted, however many there are", () => {
    for (let i: u64 = 1; i <= 5000; i++) {
      expect(knownMetric(i * 0x9e3779b97f4a7c15)).toBe(UNKNOWN);
      noteMetric(i * 0x9e3779b97f4a7c15, <u32>i);
    }
    let wrong = 0;
    for (let i: u64 = 1; i <= 5000; i++) if (knownMetric(i * 0x9e3779b97f4a7c15) != <u32>i) wrong++;
    expect(wrong).toBe(0);
  });
});
