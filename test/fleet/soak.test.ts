/**
 * A server whose rules or endpoints change every second, with proxies that come back again and again: it needs no more memory after
 * many changes than after a few, and keeps no stream of anybody who has left. `SLUICE_SOAK=600` goes on for ten minutes.
 */

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MeshFiles } from "../harness/fleet/mesh-files.ts";
import { Swarm } from "../harness/fleet/swarm.ts";
import { freePort } from "../harness/ports.ts";
import { SluiceRun } from "../harness/sluice.ts";

const SECONDS = Number(process.env.SLUICE_SOAK ?? 12);
const CLIENTS = 40;
/** Changes between two times that all clients lose their streams. */
const RECONNECT_AFTER = 5;
/** What is kept of the last 20 revisions, and what V8 has not collected yet, comes first. */
const MOST_GROWTH_MB = 60;

let folder: string;
let server: SluiceRun;
let swarm: Swarm;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-soak-"));
  swarm = new Swarm();
});

afterEach(async () => {
  await swarm.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const rssMb = async () =>
  Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${server.pid}/status`, "utf8"))?.[1]) / 1024;
const descriptors = async () => (await readdir(`/proc/${server.pid}/fd`)).length;
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

test.skipIf(process.platform !== "linux")(
  `${SECONDS} seconds of a change a second`,
  { timeout: (SECONDS + 60) * 1_000 },
  async () => {
    const mesh = new MeshFiles(path.join(folder, "rules"), 20);
    await mesh.write();
    const port = await freePort();
    const flags = ["--listen", `127.0.0.1:${port}`, "--http", "off", "--now"];
    server = new SluiceRun(["rules", ...flags], folder, "serve");
    await server.event("listening");
    swarm.open(
      `127.0.0.1:${port}`,
      Array.from({ length: CLIENTS }, (_, i) => `client-${i}`),
    );
    await swarm.count({ everybody: true });
    const atFirst = await descriptors();
    const memory: number[] = [];
    const end = performance.now() + SECONDS * 1_000;
    // A busy machine makes fewer changes in the time.
    for (let i = 0; performance.now() < end; i++) {
      const second = sleep(1_000);
      await (i % 2 === 0 ? mesh.changeRule() : mesh.changeEndpoint());
      // Every change comes to everybody.
      await swarm.count({ everybody: true });
      if (i % RECONNECT_AFTER === RECONNECT_AFTER - 1) {
        swarm.reconnect();
      }
      memory.push(await rssMb());
      await second;
    }
    const [early, late] = [memory.slice(0, memory.length >> 1), memory.slice(memory.length >> 1)];
    expect(median(late) - median(early)).toBeLessThan(MOST_GROWTH_MB);
    await expect.poll(() => descriptors()).toBeLessThanOrEqual(atFirst + 2);
    expect((await swarm.count()).lost).toBe(0);
    expect(server.events.filter(({ event }) => event === "refused" || event === "silent")).toEqual([]);
    if (process.env.SLUICE_SOAK !== undefined) {
      console.log(`resident memory of the server, MB: ${memory.map(Math.round).join(" ")}`);
    }
  },
);
