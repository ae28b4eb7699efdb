/**
 * Changes that one Envoy does not take, while all are under load: the roll-out stops at its wave, the others never see the
 * revision, and nothing is lost anywhere.
 */

import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../harness/ports.ts";
import type { RunEvent, SluiceRun } from "../harness/sluice.ts";
import type { AskedEnvoy, AskedEnvoys } from "./asked-envoys.ts";
import { ChangingFleet, takenByAll } from "./changing-fleet.ts";

/** Until a canary has what it had before. */
const BACK_MS = 30_000;

let fleet: ChangingFleet;
beforeEach(async () => {
  fleet = await ChangingFleet.create();
});
afterEach(() => fleet.close());

interface Stopped extends RunEvent {
  readonly proxies: readonly string[];
  readonly report: {
    readonly failure: { readonly gate: string; readonly proxy: string; readonly words: readonly string[] };
  };
}

async function stopped(run: SluiceRun, from: number): Promise<Stopped> {
  return (await run.event("stopped", from)) as Stopped;
}

/** The canary is the same each time. */
async function canaryOf(run: SluiceRun, all: AskedEnvoys): Promise<AskedEnvoy> {
  const wave = (await run.event("wave")) as RunEvent & { readonly proxies: readonly string[] };
  expect(wave.proxies.length).toBe(1);
  return all.envoys.find(({ id }) => id === wave.proxies[0])!;
}

test("a proxy that refuses, and one that does not answer", { timeout: 600_000 }, async () => {
  const port = await freePort();
  const run = await fleet.serve(port, ["--waves", "1,all", "--bake", "0s"]);
  const all = await fleet.envoys(3, `127.0.0.1:${port}`);
  const known = new Set<string>();
  await takenByAll(run, all, 0, known);
  await fleet.offer(2);
  const canary = await canaryOf(run, all);
  await takenByAll(run, all, 2, known);

  // Generation 3 has one more port, which somebody else has where the canary listens.
  const taken = net.createServer();
  await new Promise<void>((resolve) => taken.listen(fleet.ports.extra, canary.address, resolve));
  fleet.closeBefore(() => taken.close());
  let from = run.events.length;
  await fleet.offer(3);
  const refusal = await stopped(run, from);
  const since = performance.now();
  expect(refusal.report.failure).toMatchObject({ gate: "refusal", proxy: canary.id });
  expect(refusal.report.failure.words.join()).toContain("bind");
  await run.event("returned", from);
  const backMs = performance.now() - since;
  expect(backMs).toBeLessThan(BACK_MS);
  await new Promise((resolve) => taken.close(resolve));

  // Stopped, it keeps its stream, and says nothing.
  await all.leave(canary);
  process.kill(canary.process!.pid, "SIGSTOP");
  try {
    from = run.events.length;
    await fleet.offer(4);
    const silence = await stopped(run, from);
    // On a busy machine its stream may be given up before the time of its step is over.
    expect(["deadline", "lost"]).toContain(silence.report.failure.gate);
    expect(silence.report.failure.proxy).toBe(canary.id);
    expect(silence.proxies).toEqual([canary.id]);
  } finally {
    process.kill(canary.process!.pid, "SIGCONT");
  }
  all.ask(canary);
  await run.event("returned", from);
  await sleep(500);

  // What is right is taken by all, also by the canary.
  const unseen = [...all.envoys].map(({ newest }) => newest);
  expect(unseen).toEqual(unseen.map(() => 2));
  await fleet.offer(5);
  await takenByAll(run, all, 5, known);
  await expect.poll(() => all.envoys.map(({ newest }) => newest)).toEqual(unseen.map(() => 5));
  expect(all.wrong).toEqual([]);
  console.log(
    `a refusal and a silence at 1 of ${all.envoys.length} Envoys: the others never had the revisions, the canary was back ` +
      `${Math.round(backMs)} ms after the roll-out had stopped; ${all.asked} requests, none lost or decided wrongly`,
  );
});
