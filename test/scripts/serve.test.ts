/** `envoy/serve.sh`, by which Envoy runs in containers: told to stop, it lets requests end first. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";
import { ask } from "../harness/client.ts";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";
import { freePort } from "../harness/ports.ts";
import { sluice } from "../harness/sluice.ts";

let folder: string;
let slow: http.Server;
/** Requests that have come to the upstream since they were asked, and wait to be answered. */
const held: http.ServerResponse[] = [];
const ports = { mesh: 0, ready: 0, admin: 0 };

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-serve-"));
  slow = http.createServer(KEPT_CONNECTIONS, (request, response) => {
    if (request.headers["x-held"] === undefined) {
      response.end("done");
    } else {
      held.push(response);
    }
  });
  await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
  const { path: program } = await findEnvoy({ log: () => {} });
  await mkdir(path.join(folder, "bin"));
  await symlink(program, path.join(folder, "bin", "envoy"));
  for (const name of ["mesh", "ready", "admin"] as const) {
    ports[name] = await freePort();
  }
  await writeFile(
    path.join(folder, "rules.yaml"),
    `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: slow }
spec:
  hosts: [slow.example]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: ${(slow.address() as AddressInfo).port} }]
  resolution: STATIC
  endpoints: [{ address: 127.0.0.1 }]
`,
  );
  const flags = Object.entries(ports).flatMap(([name, port]) => [`--${name}-port`, String(port)]);
  const socket = path.join(folder, "admin.sock");
  const args = ["build", "rules.yaml", "--out", "out", "--listen-address", "127.0.0.1", ...flags];
  const built = await sluice([...args, "--admin-socket", socket], folder);
  expect(built.code, built.err).toBe(0);
  expect(built.out).toContain(`admin  unix:${socket}`);
});
afterAll(async () => {
  slow.closeAllConnections();
  slow.close();
  await rm(folder, { recursive: true, force: true });
});

/** The script, once Envoy is ready, and how it ends. */
async function serve(env: NodeJS.ProcessEnv = {}): Promise<{ child: ChildProcess; ended: Promise<number> }> {
  const script = path.join(packageRoot().directory, "envoy", "serve.sh");
  const args = ["--config-path", path.join(folder, "out", "envoy.json"), "--disable-hot-restart"];
  const child = spawn("/bin/bash", [script, ...args, "--log-level", "error", "--concurrency", "1"], {
    // Nothing but Envoy, as in the image that the Docker tests make.
    env: { PATH: path.join(folder, "bin"), SLUICE_ADMIN_PORT: String(ports.admin), ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const ended = new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? -1)));
  const ready = async () => {
    const { status } = await ask(ports.ready, { host: "x", path: "/ready" }).catch(() => ({ status: 0 }));
    return status;
  };
  await expect.poll(ready).toBe(200);
  return { child, ended };
}

/** So many at once that wait at the upstream when this resolves, until they are answered. */
async function askAll(count: number): Promise<Promise<string>[]> {
  held.length = 0;
  const headers = { "x-held": "1" };
  const asked = Array.from({ length: count }, () =>
    ask(ports.mesh, { host: "slow.example", path: "/", headers }).then(
      ({ status, body }) => `${status} ${body}`,
      () => "cut",
    ),
  );
  await expect.poll(() => held).toHaveLength(count);
  return asked;
}

test("requests in flight end before it does, and new ones are refused", async () => {
  const { child, ended } = await serve({ SLUICE_DRAIN_SECONDS: "50" });
  const asked = await askAll(20);
  child.kill("SIGTERM");
  const isRefused = () =>
    ask(ports.mesh, { host: "slow.example", path: "/" }).then(
      () => false,
      () => true,
    );
  await expect.poll(isRefused).toBe(true);
  for (const response of held) {
    response.end("done");
  }
  const begun = Date.now();
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 20 }, () => "200 done"));
  expect(await ended).toBe(0);
  // With the last of them, not with its time.
  expect(Date.now() - begun).toBeLessThan(30_000);
});

test("an idle one ends at once, and one that takes too long is cut", async () => {
  const idle = await serve({ SLUICE_DRAIN_SECONDS: "50" });
  expect((await ask(ports.mesh, { host: "slow.example", path: "/" })).status).toBe(200);
  const begun = Date.now();
  idle.child.kill("SIGTERM");
  expect(await idle.ended).toBe(0);
  expect(Date.now() - begun).toBeLessThan(30_000);

  const busy = await serve({ SLUICE_DRAIN_SECONDS: "1" });
  const asked = await askAll(1);
  busy.child.kill("SIGTERM");
  expect(await busy.ended).toBe(0);
  expect(await asked[0]).toBe("cut");
});

test("an Envoy that ends by itself ends it, with its code", async () => {
  const script = path.join(packageRoot().directory, "envoy", "serve.sh");
  const child = spawn("/bin/bash", [script, "--config-path", path.join(folder, "nothing.json")], {
    env: { PATH: path.join(folder, "bin") },
    stdio: "ignore",
  });
  expect(await new Promise((resolve) => child.on("close", resolve))).toBe(1);
});
