import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Turns } from "./turns.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("so many begin at once; the others in the order in which they came, each when one is done", () => {
  const begun: number[] = [];
  const turns = new Turns(2);
  const taken = [0, 1, 2, 3, 4].map((i) => turns.take(() => begun.push(i)));
  expect(taken.map(({ isWaiting }) => isWaiting)).toEqual([false, false, true, true, true]);
  // Who leaves before its turn is passed over.
  taken[2]!.end();
  expect(begun).toEqual([]);
  taken[1]!.end();
  taken[1]!.end();
  expect(begun).toEqual([3]);
  taken[0]!.end();
  expect(begun).toEqual([3, 4]);
});

test("one that is never done holds up the others for a while, and no longer", () => {
  const begun: number[] = [];
  const turns = new Turns(1);
  for (let i = 0; i < 3; i++) {
    turns.take(() => begun.push(i));
  }
  vi.advanceTimersByTime(14_000);
  expect(begun).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(begun).toEqual([1]);
  vi.advanceTimersByTime(15_000);
  expect(begun).toEqual([1, 2]);
});
