/**
 * A fleet of one Envoy, which has no others to be compared with: a revision by which it answers some requests with 503 is taken back
 * by what the same Envoy answered before.
 */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  createWorkspace,
  Fleet,
  type FleetEvent,
  fleetRules,
  type RuleSource,
  serveFleet,
} from "../../compiler/index.ts";
import { startUpstream } from "../../compiler/run/stand-in/upstream.ts";
import { Connection } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { joinEnvoy } from "./joined-envoy.ts";
import { type Report, wasSoon } from "./soon.ts";

const SERVER = "127.46.5.1";
const PROXY = "127.46.5.2";
const BACKEND = "127.46.5.3";
const REPORT_SECONDS = 1;
const CLIENTS = 4;
/** Requests, of which none fails, for 3 % of failures to be no chance. */
const ENOUGH = 600;

const closing: (() => unknown)[] = [];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-lone-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

const rules = (fault = "") => `apiVersion: networking.istio.io/v1
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
  http: [{ ${fault} route: [{ destination: { host: shop.example } }] }]
`;

test("3 % of 503 of the only Envoy are noticed within two reports", { timeout: 120_000 }, async () => {
  const upstream = startUpstream();
  closing.push(() => upstream.close());
  await upstream.listen(BACKEND, 8080);
  let text = rules();
  const source: RuleSource = {
    read: async () => [{ path: "rules.yaml", text }],
    watch: async () => ({ close: async () => {} }),
  };
  const workspace = createWorkspace({ source, proxies: { fleet: {} } });
  closing.push(() => workspace.dispose());
  const events: FleetEvent[] = [];
  const fleet = await Fleet.create({
    rules: fleetRules(workspace),
    plan: { waves: ["100%"], bakeMs: 60_000 },
    onEvent: (event) => events.push(event),
  });
  closing.push(() => fleet.close());
  await fleet.start();
  const server = await serveFleet({ fleet, listen: `${SERVER}:0`, onProblem: () => {} });
  closing.push(() => server.close());
  const reports: Report[] = [];
  const hear = fleet.responses.bind(fleet);
  fleet.responses = (proxy, counts) => {
    reports.push({ at: Date.now(), requests: counts.requests });
    hear(proxy, counts);
  };
  const meshPort = await freePort();
  const envoy = await joinEnvoy(
    folder,
    { server: `${SERVER}:${server.port}`, id: "edge", listenAddress: PROXY, meshPort },
    { stats_flush_interval: `${REPORT_SECONDS}s` },
  );
  closing.push(() => envoy.stop(0));

  let isOver = false;
  const statuses: number[] = [];
  const clients = Array.from({ length: CLIENTS }, async () => {
    const connection = await Connection.open(meshPort, PROXY);
    while (!isOver) {
      statuses.push((await connection.request({ path: "/", host: "shop.example" })).status);
    }
    connection.close();
  });
  closing.push(() => {
    isOver = true;
    return Promise.all(clients);
  });
  // What it answers before, without a roll-out that would count it.
  const answered = () => reports.slice(1).reduce((sum, { requests }) => sum + requests, 0);
  await expect.poll(() => answered(), { timeout: 40_000 }).toBeGreaterThan(ENOUGH);
  expect(statuses.every((status) => status === 200)).toBe(true);

  const from = events.length;
  text = rules("fault: { abort: { httpStatus: 503, percentage: { value: 3 } } },");
  fleet.refresh();
  await expect.poll(() => events.slice(from).map(({ kind }) => kind)).toContain("returned");
  const [report] = fleet.rollouts();
  expect(report!.failure).toMatchObject({ gate: "responses", proxy: "edge" });
  const { changed, unchanged } = report!.failure!.numbers!;
  expect(changed.serverErrors).toBeGreaterThan(0);
  expect(unchanged).toMatchObject({ serverErrors: 0 });
  expect(unchanged.requests).toBeGreaterThanOrEqual(ENOUGH);
  const baking = events.slice(from).find((event) => event.kind === "baking");
  const since = baking?.kind === "baking" ? baking.until - 60_000 : 0;
  const heard = reports.filter(({ at }) => at >= since && at <= Date.parse(report!.failure!.at));
  expect(wasSoon(heard)).toBe(true);
  // What was decided before is answered first.
  const { length } = statuses;
  await expect.poll(() => statuses.length).toBeGreaterThan(length + 2 * CLIENTS);
  statuses.length = 0;
  await expect.poll(() => statuses.length).toBeGreaterThan(200);
  expect(statuses.every((status) => status === 200)).toBe(true);
});
