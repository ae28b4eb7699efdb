/** What clients do while a fault makes their requests wait, however long a busy machine takes for it. */

import { setTimeout as sleep } from "node:timers/promises";

/** Envoy's timers count whole milliseconds of its own clock. */
const CLOCK_MS = 11;

/**
 * Does it, and once more whenever it was not over before the first of its requests may have gone on. What waits within it for what
 * may never be seen any more gives up when `isLate` says so.
 */
export async function whileTheyWait<Result>(
  delayMs: number,
  act: (isLate: () => boolean) => Promise<Result>,
): Promise<Result> {
  for (;;) {
    const end = performance.now() + delayMs - CLOCK_MS;
    const isLate = () => performance.now() >= end;
    const result = await act(isLate);
    if (!isLate()) {
      return result;
    }
    // Until what went on is where it goes.
    await sleep(delayMs);
  }
}
