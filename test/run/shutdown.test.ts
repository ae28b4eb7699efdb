/** How `sluice run` ends, and does not end: what is in flight is finished, in the time that it has, and what is idle is not waited for. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ask } from "../harness/client.ts";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";
import { freePort } from "../harness/ports.ts";
import { launch, type RunEvent, SluiceRun } from "../harness/sluice.ts";

const ADDRESS = "127.0.0.1";
let slow: http.Server;
let folder: string;
let mesh: number;
/** Requests that have come to the upstream since they were asked, and wait to be answered. */
const held: http.ServerResponse[] = [];

beforeAll(async () => {
  slow = http.createServer(KEPT_CONNECTIONS, (request, response) => {
    if (request.headers["x-held"] === undefined) {
      response.end("done");
    } else {
      held.push(response);
    }
  });
  await new Promise<void>((resolve) => slow.listen(0, ADDRESS, resolve));
});
afterAll(() => {
  slow.closeAllConnections();
  slow.close();
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-shutdown-"));
  mesh = await freePort();
  const { port } = slow.address() as AddressInfo;
  await writeFile(
    path.join(folder, "rules.yaml"),
    `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: slow }
spec:
  hosts: [slow.example]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: ${port} }]
  resolution: STATIC
  endpoints: [{ address: ${ADDRESS} }]
`,
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function start(...flags: string[]): Promise<SluiceRun> {
  const run = new SluiceRun(
    ["rules.yaml", "--mesh-port", String(mesh), "--concurrency", "2", ...flags],
    folder,
  );
  await run.event("serving");
  return run;
}

/** So many at once, each on a connection of its own, that wait at the upstream when this resolves, until they are answered. */
async function askAll(count: number): Promise<Promise<string>[]> {
  held.length = 0;
  const asked = Array.from({ length: count }, () =>
    ask(mesh, { host: "slow.example", path: "/", headers: { "x-held": "1" } }).then(
      ({ status, body }) => `${status} ${body}`,
      (error: Error) => `cut: ${error.message}`,
    ),
  );
  await expect.poll(() => held).toHaveLength(count);
  return asked;
}

function answerAll(): void {
  for (const response of held) {
    response.end("done");
  }
}

test("what is in flight is finished, new connections are refused, and then it ends", async () => {
  const run = await start();
  const asked = await askAll(20);
  const ended = run.stop();
  expect(await run.event("draining")).toMatchObject({ inFlight: 20, limitMs: 5_000 });
  // Each worker closes its own socket, a moment later.
  const isRefused = () =>
    ask(mesh, { host: "slow.example", path: "/" }).then(
      () => false,
      () => true,
    );
  await expect.poll(isRefused).toBe(true);
  answerAll();
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 20 }, () => "200 done"));
  expect(await ended).toBe(0);
  expect(run.events.map(({ event }) => event)).not.toContain("cut");
});

test("a connection that is kept, and idle, is nothing to wait for", async () => {
  const run = await start("--drain-time", "30s");
  const agent = new http.Agent({ keepAlive: true });
  await new Promise<void>((resolve, reject) => {
    http
      .get({ host: ADDRESS, port: mesh, agent, headers: { host: "slow.example" } }, (response) =>
        response.resume().on("end", resolve),
      )
      .on("error", reject);
  });
  const begun = Date.now();
  expect(await run.stop()).toBe(0);
  expect(Date.now() - begun).toBeLessThan(20_000);
  expect(run.events.map(({ event }) => event)).not.toContain("draining");
  agent.destroy();
});

test("what takes longer than it may is cut, and so is everything at a second signal", async () => {
  const run = await start("--drain-time", "300ms");
  const asked = await askAll(1);
  expect(await run.stop()).toBe(0);
  expect(run.events).toContainEqual(expect.objectContaining({ event: "cut", inFlight: 1 }));
  expect((await asked[0])!.startsWith("cut")).toBe(true);

  const patient = await start("--drain-time", "50s");
  const others = await askAll(1);
  const ended = patient.stop();
  await patient.event("draining");
  const begun = Date.now();
  await patient.stop();
  expect(await ended).toBe(0);
  expect(Date.now() - begun).toBeLessThan(30_000);
  expect((await others[0])!.startsWith("cut")).toBe(true);
});

test("--drain-time 0 waits for nothing", async () => {
  const run = await start("--drain-time", "0");
  const [one] = await askAll(1);
  expect(await run.stop()).toBe(0);
  expect((await one!).startsWith("cut")).toBe(true);
  expect(run.events.map(({ event }: RunEvent) => event)).not.toContain("draining");
});

test("a connection that is no HTTP is in flight while it is open", async () => {
  const echo = net.createServer((socket) => socket.on("error", () => {}).pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, ADDRESS, resolve));
  const port = await freePort();
  await writeFile(
    path.join(folder, "rules.yaml"),
    `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: ${port}, name: tcp, protocol: TCP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: echo }
spec:
  hosts: [echo.example]
  ports: [{ number: 9, name: tcp, protocol: TCP, targetPort: ${(echo.address() as AddressInfo).port} }]
  resolution: STATIC
  endpoints: [{ address: ${ADDRESS} }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo }
spec:
  hosts: ["*"]
  gateways: [edge]
  tcp: [{ route: [{ destination: { host: echo.example } }] }]
`,
  );
  const run = await start();
  const socket = net.connect(port, ADDRESS);
  const echoed = (text: string) =>
    new Promise<string>((resolve) => {
      socket.once("data", (data) => resolve(String(data)));
      socket.write(text);
    });
  expect(await echoed("one")).toBe("one");
  const ended = run.stop();
  expect(await run.event("draining")).toMatchObject({ inFlight: 1 });
  expect(await echoed("two")).toBe("two");
  socket.end();
  expect(await ended).toBe(0);
  echo.close();
});

test.each(["text", "json"])("that no one reads what it says (%s) is no reason to end", async (format) => {
  const flags = ["--mesh-port", String(mesh), "--concurrency", "1", "--envoy-log-level", "info"];
  const child = launch(["run", "rules.yaml", "--watch", ...flags, "--format", format], folder);
  const spoken = format === "text" ? child.stderr! : child.stdout!;
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  let said = "";
  for await (const chunk of spoken) {
    said += chunk;
    if (said.includes("serving")) {
      break;
    }
  }
  child.stdout!.destroy();
  child.stderr!.destroy();
  // Each of these is told, or was.
  for (const wrong of ["kind: [", "kind: ]"]) {
    await writeFile(path.join(folder, "rules.yaml"), wrong);
    await sleep(500);
  }
  expect(child.exitCode).toBe(null);
  expect((await ask(mesh, { host: "slow.example", path: "/" })).body).toBe("done");
  child.kill("SIGTERM");
  expect(await closed).toBe(0);
});
