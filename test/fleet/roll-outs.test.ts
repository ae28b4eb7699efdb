/**
 * Three Envoys and revisions that are wrong in ways that only proxies find out. Each stops at the canary: the others never see
 * the revision, and the canary serves by the old one again.
 */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { RolloutReport } from "../../compiler/fleet/model/report.ts";
import { scoreOf } from "../../compiler/fleet/rollout/waves.ts";
import {
  createWorkspace,
  Fleet,
  type FleetEvent,
  type FleetRules,
  fleetRules,
  RevisionTrials,
  type RuleSource,
  serveFleet,
} from "../../compiler/index.ts";
import type { Cluster, Config } from "../../compiler/ir/ir.ts";
import type { EnvoyProcess } from "../../compiler/run/envoy/start.ts";
import { startUpstream } from "../../compiler/run/stand-in/upstream.ts";
import { Connection } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { joinEnvoy } from "./joined-envoy.ts";
import { type Report, wasSoon } from "./soon.ts";

const SERVER = "127.46.1.1";
const BACKEND = "127.46.2.1";
const ADDRESSES: Readonly<Record<string, string>> = {
  "edge-1": "127.46.3.1",
  "edge-2": "127.46.3.2",
  "edge-3": "127.46.3.3",
};
const [CANARY, ...OTHERS] = Object.keys(ADDRESSES).sort((a, b) => (scoreOf(a) < scoreOf(b) ? -1 : 1)) as [
  string,
  ...string[],
];
const REPORT_SECONDS = 3;
/** What it takes until a revision that everybody shall have has been taken back. */
const BACK_MS = 30_000;

let folder: string;
let meshPort: number;
let fleet: Fleet;
let text = rules("/old");
/** What Envoys are told beside what the rules say: what no compiler lets through. */
let spoil: (config: Config) => Config = (config) => config;
const events: FleetEvent[] = [];
const envoys = new Map<string, EnvoyProcess>();
const closing: (() => Promise<unknown>)[] = [];

function rules(prefix: string, fault = ""): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop }
spec:
  hosts: [shop.example]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  resolution: STATIC
  endpoints: [{ address: ${BACKEND} }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  http:
  - match: [{ uri: { prefix: ${prefix} } }]
    route: [{ destination: { host: shop.example } }]
  - ${fault}
    route: [{ destination: { host: shop.example } }]
`;
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-roll-outs-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  meshPort = await freePort();
  const upstream = startUpstream();
  closing.push(() => upstream.close());
  await upstream.listen(BACKEND, 8080);
  const source: RuleSource = {
    read: async () => [{ path: "rules.yaml", text }],
    watch: async () => ({ close: async () => {} }),
  };
  const workspace = createWorkspace({ source, proxies: { fleet: {} } });
  closing.push(() => workspace.dispose());
  fleet = await Fleet.create({
    rules: spoiled(fleetRules(workspace)),
    plan: { waves: ["1", "100%"], bakeMs: 60_000 },
    trials: new RevisionTrials({ shadow: false, log: () => {} }),
    onEvent: (event) => events.push(event),
  });
  closing.push(() => fleet.close());
  await fleet.start();
  const server = await serveFleet({ fleet, listen: `${SERVER}:0`, onProblem: () => {} });
  closing.push(() => server.close());
  for (const [id, listenAddress] of Object.entries(ADDRESSES)) {
    const envoy = await joinEnvoy(
      folder,
      { server: `${SERVER}:${server.port}`, id, listenAddress, meshPort },
      { stats_flush_interval: `${REPORT_SECONDS}s` },
    );
    envoys.set(id, envoy);
    closing.push(() => envoy.stop(0));
  }
}, 120_000);

afterAll(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

afterEach(() => {
  spoil = (config) => config;
});

function spoiled(own: FleetRules): FleetRules {
  return {
    ...own,
    async read() {
      const snapshot = await own.read();
      return {
        ...snapshot,
        async compile(options) {
          const result = await snapshot.compile(options);
          const { compilation } = result;
          return compilation === undefined
            ? result
            : { ...result, compilation: { ...compilation, config: spoil(compilation.config) } };
        },
      };
    },
  };
}

/** The rules change; resolves when the roll-out of that has failed and everybody has the old ones again. */
async function fails(change: string): Promise<{ readonly report: RolloutReport; readonly seen: string[] }> {
  const from = events.length;
  text = change;
  fleet.refresh();
  const since = () => events.slice(from);
  await expect.poll(() => since().some(({ kind }) => kind === "returned"), { timeout: 60_000 }).toBe(true);
  const [report] = fleet.rollouts();
  const given = since().flatMap((event) => (event.kind === "wave" ? event.proxies : []));
  expect(given).toEqual([CANARY]);
  const taken = since().flatMap((event) =>
    event.kind === "taken" && event.revision === report!.revision ? [event.proxy] : [],
  );
  return { report: report!, seen: taken };
}

function backAfterMs({ failure, returned }: RolloutReport): number {
  return Date.parse(returned!) - Date.parse(failure!.at);
}

async function ask(id: string): Promise<number> {
  const connection = await Connection.open(meshPort, ADDRESSES[id]!);
  try {
    return (await connection.request({ path: "/", host: "shop.example" })).status;
  } finally {
    connection.close();
  }
}

/** Clients of all proxies, as fast as these answer. */
function load(): () => Promise<void> {
  let isOver = false;
  const clients = Object.keys(ADDRESSES).flatMap((id) =>
    Array.from({ length: 4 }, async () => {
      const connection = await Connection.open(meshPort, ADDRESSES[id]!);
      while (!isOver) {
        await connection.request({ path: "/", host: "shop.example" });
      }
      connection.close();
    }),
  );
  return async () => {
    isOver = true;
    await Promise.all(clients);
  };
}

/** Rings that Envoy refuses, and Sluice finds in rules. */
const BAD: Pick<Cluster, "name" | "loadBalancer"> = {
  name: "bad",
  loadBalancer: { kind: "ringHash", minimumRingSize: 9_000_000 },
};

function shopOf({ clusters }: Config): Cluster {
  return clusters.find(({ discovery }) => discovery.kind === "eds")!;
}

test("a cluster that Envoy refuses: in its words", { timeout: 90_000 }, async () => {
  spoil = (config) => ({ ...config, clusters: [...config.clusters, { ...shopOf(config), ...BAD }] });
  const { report, seen } = await fails(rules("/rings"));
  expect(report.failure).toMatchObject({
    gate: "refusal",
    wave: "1",
    proxy: CANARY,
    step: "clusters",
    rules: [{ name: "VirtualService default/shop", file: "rules.yaml", line: 12 }],
  });
  expect(report.failure!.words.join()).toContain("MinimumRingSize");
  expect(seen).toEqual([]);
  expect(backAfterMs(report)).toBeLessThan(BACK_MS);
  expect(await Promise.all(Object.keys(ADDRESSES).map(ask))).toEqual([200, 200, 200]);
});

test("a cluster that Envoy neither takes nor refuses: by the deadline of its step", {
  timeout: 90_000,
}, async () => {
  // It is made, and waits for a certificate that nobody has.
  spoil = (config) => ({
    ...config,
    clusters: [
      ...config.clusters,
      { ...shopOf(config), name: "waits", tls: { subjectAltNames: [], certificate: "of nobody" } },
    ],
  });
  const { report, seen } = await fails(rules("/silence"));
  expect(report.failure).toMatchObject({ gate: "deadline", wave: "1", proxy: CANARY, step: "clusters" });
  expect(report.failure!.words.join()).toContain("has not acknowledged");
  expect(seen).toEqual([]);
  expect(backAfterMs(report)).toBeLessThan(BACK_MS);
  expect(await Promise.all(Object.keys(ADDRESSES).map(ask))).toEqual([200, 200, 200]);
});

test("3 % of 503: by what proxies report, within two reports", { timeout: 90_000 }, async () => {
  const reports: Report[] = [];
  const responses = vi.spyOn(fleet, "responses").mockImplementation(function (this: Fleet, proxy, counts) {
    if (proxy === CANARY) {
      reports.push({ at: Date.now(), requests: counts.requests });
    }
    return Fleet.prototype.responses.call(fleet, proxy, counts);
  });
  const stop = load();
  try {
    const { report, seen } = await fails(
      rules("/old", "fault: { abort: { httpStatus: 503, percentage: { value: 3 } } }"),
    );
    expect(report.failure).toMatchObject({ gate: "responses", wave: "1", proxy: CANARY });
    const { changed, unchanged } = report.failure!.numbers!;
    expect(changed.serverErrors).toBeGreaterThan(0);
    expect(unchanged.serverErrors).toBe(0);
    expect(seen).toEqual([CANARY]);
    expect(backAfterMs(report)).toBeLessThan(BACK_MS);
    const began = events.findLast((event) => event.kind === "baking" && event.revision === report.revision);
    const since = began?.kind === "baking" ? began.until - 60_000 : 0;
    const failed = Date.parse(report.failure!.at);
    expect(wasSoon(reports.filter(({ at }) => at >= since && at <= failed))).toBe(true);
  } finally {
    await stop();
    responses.mockRestore();
  }
});

test("a canary that dies: by its stream, which nobody opens again", { timeout: 90_000 }, async () => {
  const from = events.length;
  const dies = vi.waitFor(
    () => {
      expect(events.slice(from).some(({ kind }) => kind === "taken")).toBe(true);
      process.kill(envoys.get(CANARY)!.pid, "SIGKILL");
    },
    { timeout: 30_000, interval: 20 },
  );
  const [{ report, seen }] = await Promise.all([fails(rules("/dies")), dies]);
  expect(report.failure).toMatchObject({ gate: "lost", wave: "1", proxy: CANARY });
  expect(seen).toEqual([CANARY]);
  expect(await Promise.all(OTHERS.map(ask))).toEqual([200, 200]);
});
