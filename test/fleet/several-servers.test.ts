/** Two servers that share a folder serve one fleet: one decides, the other follows, and takes over when the first is killed. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RolloutReport } from "../../compiler/fleet/model/report.ts";
import { scoreOf } from "../../compiler/fleet/rollout/waves.ts";
import { Connection } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { joinEnvoy } from "./joined-envoy.ts";
import { ServedFleet, type ServeEvent } from "./served-fleet.ts";

const SERVERS = ["127.48.1.1", "127.48.1.2"];
const PROXIES = ["127.48.1.11", "127.48.1.12"];

let folder: string;
let meshPort: number;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-several-"));
  await mkdir(path.join(folder, "rules"));
  meshPort = await freePort();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
  await rm(folder, { recursive: true, force: true });
});

const rule = (status: number, more = "") =>
  writeFile(
    path.join(folder, "rules", "rules.yaml"),
    `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: all, namespace: a }
spec: { hosts: [all.example], http: [{ directResponse: { status: ${status} } }] }
${more}`,
  );

async function serve(address: string, port: number, http = "off"): Promise<ServedFleet> {
  const server = new ServedFleet(
    [
      ...[path.join(folder, "rules"), "--listen", `${address}:${port}`, "--http", http],
      ...["--state", path.join(folder, "state"), "--waves", "1,all", "--bake", "100ms", "--format", "json"],
    ],
    folder,
  );
  closing.push(() => server.kill());
  await server.event("listening");
  return server;
}

async function join(id: string, index: number, server: readonly string[]): Promise<void> {
  const listenAddress = PROXIES[index]!;
  const envoy = await joinEnvoy(folder, { server, id, namespace: "a", listenAddress, meshPort });
  closing.push(() => envoy.stop(0));
}

async function answers(): Promise<number[]> {
  return Promise.all(
    PROXIES.map(async (address) => {
      const connection = await Connection.open(meshPort, address);
      try {
        return (await connection.request({ path: "/", host: "all.example" })).status;
      } finally {
        connection.close();
      }
    }),
  );
}

const decisions = ({ events }: ServedFleet) => events.filter(({ event }) => event === "wave").length;

test("one decides for all; when it is killed, the other does", { timeout: 120_000 }, async () => {
  const port = await freePort();
  await rule(200);
  const first = await serve(SERVERS[0]!, port);
  const second = await serve(SERVERS[1]!, port);
  for (const index of PROXIES.keys()) {
    // Each has a server of its own, and may go to the other one.
    await join(
      `edge-${index}`,
      index,
      [...SERVERS.slice(index), ...SERVERS.slice(0, index)].map((address) => `${address}:${port}`),
    );
  }
  await expect.poll(() => answers()).toEqual([200, 200]);
  await rule(201);
  await expect.poll(() => answers()).toEqual([201, 201]);
  expect(decisions(first)).toBeGreaterThan(0);
  expect(decisions(second)).toBe(0);

  await first.kill();
  await rule(202);
  await expect.poll(() => answers(), { timeout: 40_000 }).toEqual([202, 202]);
  expect(decisions(second)).toBeGreaterThan(0);
});

test("what a proxy of the follower refuses, the one that decides stops and takes back", {
  timeout: 120_000,
}, async () => {
  const [port, extra, http] = [await freePort(), await freePort(), await freePort()];
  const ids = ["edge-0", "edge-1"].sort((a, b) => (scoreOf(a) < scoreOf(b) ? -1 : 1));
  await rule(200);
  const first = await serve(SERVERS[0]!, port, `${SERVERS[0]}:${http}`);
  const second = await serve(SERVERS[1]!, port);
  // The one that is first in every roll-out is at the follower.
  const [canary, other] = ids as [string, string];
  await join(other, 0, [`${SERVERS[0]}:${port}`]);
  await join(canary, 1, [`${SERVERS[1]}:${port}`]);
  await expect.poll(() => answers()).toEqual([200, 200]);
  await expect.poll(() => named(second, "joined", canary)).toBe(1);
  // A roll-out is for those that the one that decides has heard of.
  await vi.waitFor(async () => {
    const told = await fetch(`http://${SERVERS[0]}:${http}/v1/proxies`);
    expect(((await told.json()) as { proxies: unknown[] }).proxies).toHaveLength(2);
  }, 30_000);

  // The new rules have one more port, which somebody else has where it listens.
  const taken = net.createServer();
  await new Promise<void>((resolve) => taken.listen(extra, PROXIES[1], resolve));
  closing.push(async () => taken.close());
  await rule(
    201,
    `---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: extra, namespace: a }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: ${extra}, name: http, protocol: HTTP }, hosts: ["*"] }]
`,
  );
  const stopped = (await first.event("stopped")) as ServeEvent & { readonly report: RolloutReport };
  expect(stopped.report.failure).toMatchObject({ gate: "refusal", proxy: canary });
  expect(stopped.report.failure!.words.join()).toContain("bind");
  await first.event("returned");
  await expect.poll(() => named(second, "refused", canary)).toBe(1);
  expect(decisions(second)).toBe(0);
  expect(first.events.filter(({ event }) => event === "wave").length).toBe(1);
  expect(await answers()).toEqual([200, 200]);
});

const named = ({ events }: ServedFleet, name: string, proxy: string) =>
  (events as readonly (ServeEvent & { readonly proxy?: string })[]).filter(
    (one) => one.event === name && one.proxy === proxy,
  ).length;
