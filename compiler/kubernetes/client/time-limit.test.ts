import { getEventListeners } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TimeLimit } from "./time-limit.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const over = () => new Error("over");

test("it ends with the time, or with the asker's signal, and says which", () => {
  const byTime = new TimeLimit(100, undefined, over);
  vi.advanceTimersByTime(60);
  byTime.refresh();
  vi.advanceTimersByTime(60);
  expect(byTime.signal.aborted).toBe(false);
  vi.advanceTimersByTime(60);
  expect([byTime.isOver, byTime.signal.reason]).toEqual([true, over()]);

  const asker = new AbortController();
  const byAsker = new TimeLimit(100, asker.signal, over);
  asker.abort("enough");
  expect([byAsker.isOver, byAsker.signal.reason]).toEqual([false, "enough"]);
  expect(new TimeLimit(100, asker.signal, over).signal.aborted).toBe(true);
});

test("without the time, the asker's signal still counts; after the end, nothing is left with it", () => {
  const asker = new AbortController();
  const limit = new TimeLimit(100, asker.signal, over);
  limit.lift();
  vi.advanceTimersByTime(200);
  expect(limit.signal.aborted).toBe(false);
  expect(getEventListeners(asker.signal, "abort")).toHaveLength(1);
  limit.end();
  expect(getEventListeners(asker.signal, "abort")).toEqual([]);
});
