/**
 * The server of a fleet is killed in the steps of a change, and another one goes on with its state: its Envoys under load lose
 * nothing, and where nothing has changed they are told next to nothing. `SLUICE_CHANGES=12` makes it six times, once in every step;
 * `SLUICE_CHANGES=200 SLUICE_PROXIES=20` 100 times with 20 Envoys.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../harness/ports.ts";
import { CHANGES, ChangingFleet, DRAINED_MS, PAUSE_MS, PROXIES, takenByAll } from "./changing-fleet.ts";
import { CountedConnections } from "./counted-connections.ts";

const CLUSTER = "envoy.config.cluster.v3.Cluster";
const ROUTES = "envoy.config.route.v3.RouteConfiguration";
const LISTENER = "envoy.config.listener.v3.Listener";
const RULES = "envoy.config.core.v3.TypedExtensionConfig";

/**
 * When it is killed, by the generation that is on its way, modulo their number: when these types have been sent, one after another. Every
 * generation has clusters and rules of its own; the third has a port more than the one before, the sixth one less.
 */
const MOMENTS: readonly (readonly [step: string, types: readonly string[]])[] = [
  ["removal", [RULES, LISTENER]],
  ["clusters", [CLUSTER]],
  ["rules", [RULES]],
  ["listeners", [LISTENER]],
  ["route classes", [ROUTES]],
  ["nothing yet", []],
];
const KILLS = process.env.SLUICE_CHANGES === undefined ? 3 : Math.max(MOMENTS.length, CHANGES / 2);
const FLAGS = ["--now", "--state", "state"];
/** To continue, each proxy is sent no more. */
const MOST_BYTES = 1_000;

let fleet: ChangingFleet;
beforeEach(async () => {
  fleet = await ChangingFleet.create();
});
afterEach(() => fleet.close());

test(`the server is killed ${KILLS} times, in the steps of a change, ${PROXIES} Envoys under load`, {
  timeout: 600_000 + KILLS * (40_000 + PROXIES * 2_000),
}, async () => {
  const port = await freePort();
  const counted = await CountedConnections.listen("127.79.5.1", { address: "127.0.0.1", port });
  fleet.closeBefore(() => counted.close());
  let run = await fleet.serve(port, FLAGS);
  const all = await fleet.envoys(5, `127.79.5.1:${counted.port}`);
  const known = new Set<string>();
  await takenByAll(run, all, 0, known);
  for (let generation = 1; generation <= KILLS && all.wrong.length === 0; generation++) {
    const [step, types] = MOMENTS[generation % MOMENTS.length]!;
    const killed = (async () => {
      for (const type of types) {
        await counted.sent(type);
      }
      await run.stop("SIGKILL");
      return step;
    })();
    await fleet.offer(generation);
    expect(await Promise.race([killed, sleep(60_000, "not reached", { ref: false })])).toBe(step);
    // It goes on with the revision from before, and brings everybody to the new one.
    run = await fleet.serve(port, FLAGS);
    await takenByAll(run, all, generation, known);
  }
  expect(all.wrong).toEqual([]);
  await sleep(DRAINED_MS);
  await expect.poll(() => all.envoys.map(({ newest }) => newest)).toEqual(all.envoys.map(() => KILLS));

  // Nothing has changed: to continue costs next to nothing.
  await run.stop("SIGKILL");
  counted.bytes = 0;
  const begun = performance.now();
  run = await fleet.serve(port, FLAGS);
  await takenByAll(run, all, KILLS);
  const seconds = (performance.now() - begun) / 1000;
  const each = Math.round(counted.bytes / PROXIES);
  await sleep(PAUSE_MS * 3);
  expect(all.wrong).toEqual([]);
  console.log(
    `${PROXIES} Envoys, the server killed ${KILLS + 1} times: ${all.asked} requests, none lost or decided wrongly; ${each} bytes a ` +
      `proxy to continue, all of them after ${seconds.toFixed(1)} s`,
  );
  expect(each).toBeLessThan(MOST_BYTES);
});
