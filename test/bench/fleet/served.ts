/** A fleet in this process, whose CPU time is the server's, and simulated Envoys in others. */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Fleet } from "../../../compiler/fleet/fleet.ts";
import type { FleetEvent } from "../../../compiler/fleet/model/event.ts";
import type { FleetRules } from "../../../compiler/fleet/model/rules.ts";
import { atOnce, DEFAULT_PLAN } from "../../../compiler/fleet/rollout/plan.ts";
import { createWorkspace, files, fleetRules, serveFleet } from "../../../compiler/index.ts";
import { Swarm } from "../../harness/fleet/swarm.ts";
import { MeshFiles } from "./mesh.ts";

const HOST = "127.60.1.1";
const SAMPLE_MS = 50;
/** For what is left of a change when its last proxy has it. */
const REST_MS = 300;
const LONGEST_MS = 120_000;

export interface Served {
  readonly mesh: MeshFiles;
  measure(change: () => Promise<void>): Promise<Measured>;
}

/** Of one change, from when the server sees it. */
export interface Measured {
  /** Until the last acknowledgement of each proxy. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the server, for everything that it does. */
  readonly cpuMs: number;
  /** The most while it went on. */
  readonly rssMb: number;
  /** Bytes of messages, for each client. */
  readonly bytesEach: number;
}

export async function withFleet<T>(
  { clients, services }: { readonly clients: number; readonly services: number },
  work: (served: Served) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-bench-"));
  const mesh = new MeshFiles(path.join(folder, "rules"), services);
  await mesh.write();
  const workspace = createWorkspace({ source: files([mesh.directory]) });
  let seen: () => void = () => {};
  const rules: FleetRules = withSight(fleetRules(workspace), () => seen());
  let taken: (proxy: string) => void = () => {};
  const fleet = await Fleet.create({
    rules,
    plan: atOnce(DEFAULT_PLAN),
    onEvent(event: FleetEvent) {
      if (event.kind === "taken") {
        taken(event.proxy);
      } else if (event.kind === "refused" || event.kind === "silent") {
        console.error(`${event.proxy}: ${event.words.join("; ")}`);
      } else if (event.kind === "failed") {
        console.error(event.error);
      }
    },
  });
  /** Times, from `start`, at which each proxy has taken what it was to have; `start` is when the change is seen. */
  const everybody = (begin: () => Promise<void> | void): Promise<number[]> =>
    new Promise((resolve, reject) => {
      const times: number[] = [];
      let start = performance.now();
      const timer = setTimeout(
        () => reject(new Error(`${times.length} of ${clients} clients have answered`)),
        LONGEST_MS,
      );
      seen = () => {
        start = performance.now();
      };
      taken = () => {
        times.push(performance.now() - start);
        if (times.length === clients) {
          clearTimeout(timer);
          resolve(times);
        }
      };
      void Promise.resolve(begin()).catch(reject);
    });
  const swarm = new Swarm();
  await fleet.start();
  const server = await serveFleet({ fleet, listen: `${HOST}:0`, onProblem: (line) => console.error(line) });
  try {
    const ids = Array.from({ length: clients }, (_, i) => `client-${i}`);
    await everybody(() => swarm.open(`${HOST}:${server.port}`, ids));
    return await work({
      mesh,
      async measure(change) {
        await swarm.count();
        let rss = process.memoryUsage.rss();
        const sampler = setInterval(() => {
          rss = Math.max(rss, process.memoryUsage.rss());
        }, SAMPLE_MS);
        const before = process.cpuUsage();
        const times = await everybody(change);
        await new Promise((resolve) => setTimeout(resolve, REST_MS));
        const { user, system } = process.cpuUsage(before);
        clearInterval(sampler);
        const { bytes } = await swarm.count();
        times.sort((a, b) => a - b);
        return {
          p50Ms: times[clients >> 1]!,
          p99Ms: times[Math.ceil(clients * 0.99) - 1]!,
          cpuMs: (user + system) / 1000,
          rssMb: rss / 1e6,
          bytesEach: bytes / clients,
        };
      },
    });
  } finally {
    await swarm.close();
    server.close();
    await fleet.close();
    await workspace.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

function withSight(rules: FleetRules, onSeen: () => void): FleetRules {
  return {
    ...rules,
    watch: (onChange) =>
      rules.watch(() => {
        onSeen();
        onChange();
      }),
  };
}
