/**
 * Envoys under load while everything about their rules changes, wave by wave: nothing is lost, no answer is of two generations of
 * rules, and none of an older one than its Envoy has acknowledged. `SLUICE_CHANGES=200 SLUICE_PROXIES=20` makes it as many.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../harness/ports.ts";
import { CHANGES, ChangingFleet, PAUSE_MS, PROXIES, takenByAll } from "./changing-fleet.ts";

let fleet: ChangingFleet;
beforeEach(async () => {
  fleet = await ChangingFleet.create();
});
afterEach(() => fleet.close());

test(`${CHANGES} changes of every kind in waves, ${PROXIES} Envoys under load`, {
  timeout: 600_000 + CHANGES * PROXIES * 2_000,
}, async () => {
  const port = await freePort();
  const run = await fleet.serve(port, ["--waves", "1,50%,all", "--bake", "0s"]);
  const all = await fleet.envoys(1, `127.0.0.1:${port}`);
  const known = new Set<string>();
  await takenByAll(run, all, 0, known);
  const times: number[] = [];
  for (let generation = 1; generation <= CHANGES && all.wrong.length === 0; generation++) {
    await fleet.offer(generation);
    times.push(await takenByAll(run, all, generation, known));
    // As fast as they come, but for every fourth, which has time for the removal of what is old.
    await sleep(generation % 4 === 0 ? 1_500 : 50);
  }
  expect(all.wrong).toEqual([]);
  // Everybody is asked once more, and answers by the newest.
  await expect.poll(() => all.envoys.map(({ newest }) => newest)).toEqual(all.envoys.map(() => CHANGES));
  await sleep(PAUSE_MS * 3);
  expect(all.wrong).toEqual([]);
  const bad = ["refused", "silent", "stopped", "lost", "rejected", "failed", "problem"];
  expect(run.events.filter(({ event }) => bad.includes(event))).toEqual([]);
  times.sort((a, b) => a - b);
  console.log(
    `${PROXIES} Envoys, ${CHANGES} changes in waves: ${all.asked} requests, none lost or decided wrongly; an Envoy had a change ` +
      `after ${times[times.length >> 1]} ms (median of the slowest), ${times.at(-1)} ms (most)`,
  );
});
