/** Who reaches the admin interface of an Envoy that `sluice run` started: its owner by a socket, and others only what was opened. */

import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import http from "node:http";
import { connect } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { adminClient } from "../../compiler/run/envoy/admin.ts";
import { ask } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { parsePrometheus, samplesOf } from "../harness/prometheus.ts";
import { type RunEvent, SluiceRun, sluice } from "../harness/sluice.ts";

interface Serving extends RunEvent {
  readonly message: string;
  readonly admin: string;
  readonly pid: number;
}

const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: near }
spec:
  hosts: [near.example]
  http: [{ directResponse: { status: 200, body: { string: near } } }]
`;

let folder: string;
let run: SluiceRun;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-admin-"));
  await writeFile(path.join(folder, "rules.yaml"), RULES);
});
afterEach(async () => {
  expect(await run.stop()).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

async function start(...flags: string[]): Promise<{ serving: Serving; mesh: number; socket: string }> {
  const mesh = await freePort();
  run = new SluiceRun(["rules.yaml", "--mesh-port", String(mesh), "--concurrency", "1", ...flags], folder);
  const serving = (await run.event("serving")) as Serving;
  return { serving, mesh, socket: serving.admin.replace(/^unix:/, "") };
}

/** Status of a request to a port of 127.0.0.1; 0 when nobody answers. */
function asked(port: number, method: string, target: string, headers: http.OutgoingHttpHeaders = {}) {
  return new Promise<number>((resolve) => {
    const options = { host: "127.0.0.1", port, path: target, method, headers, agent: false };
    const request = http.request(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("error", () => resolve(0));
    request.end();
  });
}

/** The TCP ports that a process listens at. */
async function portsOf(pid: number): Promise<number[]> {
  const files = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(files.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
  const own = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const ports = new Set<number>();
  for (const table of ["tcp", "tcp6"]) {
    for (const line of (await readFile(`/proc/${pid}/net/${table}`, "utf8")).split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === "0A" && own.has(inode)) {
        ports.add(Number.parseInt(local.split(":")[1]!, 16));
      }
    }
  }
  return [...ports];
}

test("no port leads to it, and its socket is for its owner and for what is asked", async () => {
  const { serving, mesh, socket } = await start();
  expect(await portsOf(serving.pid)).toEqual([mesh]);
  expect(await asked(mesh, "POST", "/quitquitquit")).not.toBe(200);
  expect(await asked(mesh, "GET", "/stats")).not.toBe(200);

  expect((await stat(socket)).mode & 0o777).toBe(0o600);
  expect((await stat(path.dirname(socket))).mode & 0o777).toBe(0o700);
  const admin = adminClient(socket);
  expect(await admin.ready()).toBe("LIVE");
  expect((await admin.post("/quitquitquit")).status).toBe(403);
  for (const other of [
    "/config_dump",
    "/certs",
    "/memory",
    "/ready/../config_dump",
    "/stats/recentlookups",
  ]) {
    expect((await admin.get(other)).status, other).toBe(403);
  }
  expect(await ask(mesh, { host: "near.example", path: "/" })).toMatchObject({ status: 200, body: "near" });
});

test("--ready-port answers one question, and --admin-port reads for programs, not for web pages", async () => {
  const ready = await freePort();
  const admin = await freePort();
  const { serving, mesh, socket } = await start("--ready-port", String(ready), "--admin-port", String(admin));
  expect((await portsOf(serving.pid)).sort()).toEqual([mesh, ready, admin].sort());
  expect(serving.message).toContain(`http://127.0.0.1:${admin}  open to every program on this machine`);
  expect(serving).toMatchObject({ adminPort: admin, readyPort: ready });

  expect(await ask(ready, { host: "anybody.example", path: "/ready" })).toMatchObject({
    status: 200,
    body: "LIVE\n",
  });
  expect(await asked(ready, "POST", "/ready")).toBe(404);
  for (const other of ["/", "/stats", "/ready/", "/ready/../stats", "/config_dump", "/help", "//ready"]) {
    expect(await asked(ready, "GET", other), other).toBe(404);
  }
  expect(await asked(ready, "POST", "/quitquitquit")).toBe(404);

  for (const name of ["127.0.0.1", "localhost", `localhost:${admin}`]) {
    expect(await asked(admin, "GET", "/config_dump", { host: name }), name).toBe(200);
  }
  // A page whose name was made to lead here.
  expect(await asked(admin, "GET", "/config_dump", { host: `rebound.example:${admin}` })).toBe(403);
  expect(await asked(admin, "POST", "/drain_listeners", { host: "rebound.example" })).toBe(403);
  // A page that posts across.
  const origin = "https://elsewhere.example";
  expect(await asked(admin, "POST", "/healthcheck/fail", { origin })).toBe(403);
  expect(await asked(admin, "POST", "/drain_listeners?graceful", { origin: "null" })).toBe(403);
  for (const change of ["/quitquitquit", "/runtime_modify?a=b", "/logging?level=trace", "/reset_counters"]) {
    expect(await asked(admin, "POST", change), change).toBe(403);
  }
  expect(await asked(admin, "GET", "/quitquitquit")).toBe(405);

  expect(await adminClient(socket).ready()).toBe("LIVE");
  expect(await asked(admin, "POST", "/healthcheck/fail")).toBe(200);
  expect((await ask(ready, { host: "anybody.example", path: "/ready" })).status).toBe(503);
  expect(await ask(mesh, { host: "near.example", path: "/" })).toMatchObject({ status: 200, body: "near" });
});

test("--metrics-port answers with what was counted, and with nothing else", async () => {
  const metrics = await freePort();
  const { serving, mesh } = await start("--metrics-port", String(metrics));
  expect((await portsOf(serving.pid)).sort()).toEqual([mesh, metrics].sort());
  expect(serving).toMatchObject({ metricsPort: metrics });
  expect(serving.message).toContain(`/metrics`);
  await ask(mesh, { host: "near.example", path: "/" });

  for (const path of ["/metrics", "/stats/prometheus"]) {
    const { status, headers, body } = await ask(metrics, { host: "10.0.0.1", path });
    expect(status).toBe(200);
    expect(headers["content-type"]).toEqual([expect.stringMatching(/^text\/plain/)]);
    const answered = samplesOf(parsePrometheus(body), "envoy_http_downstream_rq_xx", {
      envoy_http_conn_manager_prefix: "mesh",
      envoy_response_code_class: "2",
    });
    expect(answered.map(({ value }) => value)).toEqual([1]);
    expect(body).not.toContain("envoy_cluster_upstream_rq_retry_overflow");
  }
  expect(await asked(metrics, "HEAD", "/metrics")).toBe(200);
  expect(await asked(metrics, "POST", "/metrics")).toBe(404);
  for (const other of [
    ...[
      "/",
      "/ready",
      "/stats",
      "/metrics/",
      "//metrics",
      "/metrics/../config_dump",
      "/stats/prometheus/..",
      "/quitquitquit",
    ],
    ...[
      "/metrics?usedonly",
      "/metrics?",
      "/stats/prometheus?format=json",
      "/metrics?text_readouts",
      "/metrics%2f",
    ],
  ]) {
    expect(await asked(metrics, "GET", other), other).toBe(404);
  }
});

test("a port for statistics that somebody has is said before Envoy starts", async () => {
  const metrics = await freePort();
  await start("--metrics-port", String(metrics));
  const other = ["run", "rules.yaml", "--mesh-port", String(await freePort())];
  const { code, err } = await sluice([...other, "--metrics-port", String(metrics)], folder);
  expect(code).toBe(3);
  expect(err).toContain(`port ${metrics} on 127.0.0.1, which --metrics-port needs, is already in use`);
});

test("connections to the port for statistics are limited, whatever is done with them", async () => {
  const metrics = await freePort();
  await start("--metrics-port", String(metrics));
  const idle = Array.from({ length: 40 }, () => connect(metrics, "127.0.0.1").on("error", () => {}));
  let refused = 0;
  for (const socket of idle) {
    socket.on("close", () => refused++);
    socket.resume();
  }
  await expect.poll(() => refused).toBe(8);
  for (const socket of idle) {
    socket.destroy();
  }
  await expect.poll(() => asked(metrics, "GET", "/metrics")).toBe(200);
});

test("--admin-socket is where the socket is", async () => {
  const wanted = path.join(folder, "own.sock");
  const { socket } = await start("--admin-socket", wanted);
  expect(socket).toBe(wanted);
  expect((await stat(wanted)).mode & 0o777).toBe(0o600);
  expect((await adminClient(wanted).get("/config_dump")).status).toBe(200);
});

test("--work-dir has all files of a run, and none afterwards", async () => {
  const work = path.join(folder, "work");
  const { socket } = await start("--work-dir", work);
  expect(socket.startsWith(`${work}/`)).toBe(true);
  expect((await readdir(work)).map((name) => name.replace(/-[^-]*$/, "")).sort()).toEqual([
    "sluice-envoy",
    "sluice-run",
  ]);
  expect(await run.stop()).toBe(0);
  expect(await readdir(work)).toEqual([]);
});
