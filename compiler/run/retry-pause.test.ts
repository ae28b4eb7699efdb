import { expect, test } from "vitest";
import { RetryPause } from "./retry-pause.ts";

test("pauses grow to half a minute, and begin anew for something else", () => {
  const pause = new RetryPause();
  expect(Array.from({ length: 6 }, () => pause.next())).toEqual([
    2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
  ]);
  pause.reset();
  expect(pause.next()).toBe(2_000);
});
