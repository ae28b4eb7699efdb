/** A fleet in this process, whose CPU time is the server's, and simulated Envoys in others. */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Fleet } from "../../../compiler/fleet/fleet.ts";
import type { FleetEvent } from "../../../compiler/fleet/model/event.ts";
import type { FleetRules } from "../../../compiler/fleet/model/rules.ts";
import { atOnce, DEFAULT_PLAN } from "../../../compiler/fleet/rollout/plan.ts";
import { createWorkspace, files, fleetRules, serveFleet } from "../../../compiler/index.ts";
import { MeshFiles } from "../../harness/fleet/mesh-files.ts";
import { Swarm } from "../../harness/fleet/swarm.ts";

const HOST = "127.60.1.1";
const SAMPLE_MS = 50;
const MOST_TOLD = 3;
/** For what is left of a change when its last proxy has it. */
const REST_MS = 300;
const LONGEST_MS = 120_000;

export interface Served {
  readonly mesh: MeshFiles;
  /** `received`: each client was sent something; `taken`: it has acknowledged the rules that it was to have. */
  /** Every client reports that each of these statistics has counted so much. */
  report(names: readonly string[], value: number): Promise<Reporting>;
  measure(change: () => Promise<void>, until: "received" | "taken"): Promise<Measured>;
}

/** Of one report of every client. */
export interface Reporting {
  /** Of the server. */
  readonly cpuMs: number;
  readonly bytesEach: number;
  readonly rssMb: number;
  /** What the fleet has summed by then. */
  readonly sum: number;
}

/** Of one change, from when the server sees it. */
export interface Measured {
  /** Of all clients. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the server, for everything that it does. */
  readonly cpuMs: number;
  /** The most while it went on. */
  readonly rssMb: number;
  /** Bytes of messages, for each client. */
  readonly bytesEach: number;
}

/** The first of what went wrong: on a machine that is too busy, a thousand clients may all be too late. */
function teller(): (line: string) => void {
  let told = 0;
  return (line) => {
    told += 1;
    if (told <= MOST_TOLD) {
      console.error(line);
    }
  };
}

const now = () => performance.timeOrigin + performance.now();

export async function withFleet<T>(
  { clients, services }: { readonly clients: number; readonly services: number },
  work: (served: Served) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-bench-"));
  const mesh = new MeshFiles(path.join(folder, "rules"), services);
  await mesh.write();
  const workspace = createWorkspace({ source: files([mesh.directory]) });
  const rules: FleetRules = withSight(fleetRules(workspace), () => {
    seenAt = now();
  });
  const tell = teller();
  let taken: (proxy: string) => void = () => {};
  const fleet = await Fleet.create({
    rules,
    plan: atOnce(DEFAULT_PLAN),
    onEvent(event: FleetEvent) {
      if (event.kind === "taken") {
        taken(event.proxy);
      } else if (event.kind === "refused" || event.kind === "silent") {
        tell(`${event.proxy}: ${event.words.join("; ")}`);
      } else if (event.kind === "failed") {
        console.error(event.error);
      }
    },
  });
  let seenAt = 0;
  /** Times at which each proxy has taken the rules that it was to have. */
  const everybody = (begin: () => Promise<void> | void): Promise<number[]> =>
    new Promise((resolve, reject) => {
      const times: number[] = [];
      const timer = setTimeout(
        () => reject(new Error(`${times.length} of ${clients} clients have answered`)),
        LONGEST_MS,
      );
      taken = () => {
        times.push(now());
        if (times.length === clients) {
          clearTimeout(timer);
          resolve(times);
        }
      };
      void Promise.resolve(begin()).catch(reject);
    });
  const swarm = new Swarm();
  const answers = async (change: () => Promise<void>, until: "received" | "taken") => {
    if (until === "taken") {
      return { times: await everybody(change), bytes: 0 };
    }
    await change();
    return swarm.count({ everybody: true });
  };
  await fleet.start();
  const server = await serveFleet({ fleet, listen: `${HOST}:0`, onProblem: (line) => console.error(line) });
  try {
    const ids = Array.from({ length: clients }, (_, i) => `client-${i}`);
    await everybody(() => swarm.open(`${HOST}:${server.port}`, ids));
    return await work({
      mesh,
      async report(names, value) {
        const before = process.cpuUsage();
        const bytes = await swarm.report(names, value);
        const { user, system } = process.cpuUsage(before);
        let sum = 0;
        for (const { count } of fleet.ruleCounts().sums) {
          sum += count;
        }
        return {
          cpuMs: (user + system) / 1000,
          bytesEach: bytes / clients,
          rssMb: process.memoryUsage.rss() / 1e6,
          sum,
        };
      },
      async measure(change, until) {
        await swarm.count();
        let rss = process.memoryUsage.rss();
        const sampler = setInterval(() => {
          rss = Math.max(rss, process.memoryUsage.rss());
        }, SAMPLE_MS);
        const before = process.cpuUsage();
        const { times, bytes } = await answers(change, until);
        const waits = times.map((time) => time - seenAt).sort((a, b) => a - b);
        await new Promise((resolve) => setTimeout(resolve, REST_MS));
        const { user, system } = process.cpuUsage(before);
        clearInterval(sampler);
        const late = await swarm.count();
        return {
          p50Ms: waits[clients >> 1]!,
          p99Ms: waits[Math.ceil(clients * 0.99) - 1]!,
          cpuMs: (user + system) / 1000,
          rssMb: rss / 1e6,
          bytesEach: (bytes + late.bytes) / clients,
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
