/**
 * A server takes the place of another one and knows nothing of what its proxies have: neither its state nor its rules. What requests
 * that were decided before are still to be sent to stays.
 */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createWorkspace, Fleet, fleetRules, serveFleet, texts } from "../../compiler/index.ts";
import { startUpstream } from "../../compiler/run/stand-in/upstream.ts";
import { Connection } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { joinEnvoy } from "./joined-envoy.ts";

const SERVER = "127.46.6.1";
const PROXY = "127.46.6.2";
const BACKENDS = { old: "127.46.6.3", new: "127.46.6.4" };
const DELAY_S = 7;

const closing: (() => unknown)[] = [];
let folder: string;
let meshPort: number;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-new-server-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  meshPort = await freePort();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

/** Each has a service of its own, and no other. */
const rules = (to: keyof typeof BACKENDS) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${to} }
spec:
  hosts: [${to}.example]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  resolution: STATIC
  endpoints: [{ address: ${BACKENDS[to]} }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: all }
spec:
  hosts: [all.example]
  http:
  - match: [{ uri: { prefix: /slow } }]
    fault: { delay: { fixedDelay: ${DELAY_S}s, percentage: { value: 100 } } }
    route: [{ destination: { host: ${to}.example } }]
  - route: [{ destination: { host: ${to}.example } }]
`;

async function serve(port: number, to: keyof typeof BACKENDS): Promise<() => Promise<void>> {
  const workspace = createWorkspace({ source: texts({ "rules.yaml": rules(to) }), proxies: { fleet: {} } });
  const fleet = await Fleet.create({ rules: fleetRules(workspace), onEvent: () => {} });
  await fleet.start();
  const server = await serveFleet({ fleet, listen: `${SERVER}:${port}`, onProblem: () => {} });
  let isClosed = false;
  const close = async () => {
    if (!isClosed) {
      isClosed = true;
      await server.close();
      await fleet.close();
      await workspace.dispose();
    }
  };
  closing.push(close);
  return close;
}

/** Which endpoint answered. */
async function ask(connection: Connection, url = "/"): Promise<string> {
  const { status, body } = await connection.request({ path: url, host: "all.example" });
  return `${status} ${/"endpoint":"([^:"]*)/.exec(body)?.[1]}`;
}

test("nothing is lost, and what was decided before arrives", { timeout: 90_000 }, async () => {
  const upstream = startUpstream();
  closing.push(() => upstream.close());
  for (const address of Object.values(BACKENDS)) {
    await upstream.listen(address, 8080);
  }
  const port = await freePort();
  const close = await serve(port, "old");
  const envoy = await joinEnvoy(folder, {
    server: `${SERVER}:${port}`,
    id: "edge",
    listenAddress: PROXY,
    meshPort,
  });
  closing.push(() => envoy.stop(0));
  const connection = await Connection.open(meshPort, PROXY);
  closing.push(() => connection.close());
  const [before, after] = [`200 ${BACKENDS.old}`, `200 ${BACKENDS.new}`];
  expect(await ask(connection)).toBe(before);

  // Decided by the old rules at the last moment: sent when those are gone for a while.
  let isOver = false;
  const slow: Promise<string>[] = [];
  const underWay = async () =>
    [...(await envoy.admin.stats("^http\\.mesh\\.downstream_rq_active$")).values()][0];
  const asking = (async () => {
    while (!isOver) {
      const own = await Connection.open(meshPort, PROXY);
      slow.push(ask(own, "/slow").finally(() => own.close()));
      await sleep(200);
    }
  })();
  await expect.poll(underWay).toBeGreaterThan(0);
  await close();
  await serve(port, "new");
  const answers: string[] = [];
  await vi.waitFor(
    async () => {
      answers.push(await ask(connection));
      expect(answers.at(-1)).toBe(after);
    },
    { timeout: 30_000, interval: 5 },
  );
  isOver = true;
  await asking;
  expect(answers.filter((answer) => answer !== before && answer !== after)).toEqual([]);
  const arrived = new Set(await Promise.all(slow));
  expect([...arrived].filter((answer) => answer !== before && answer !== after)).toEqual([]);
  expect(arrived).toContain(before);
});
