/** A ServiceEntry whose endpoint is a socket of this machine, in a real Envoy for both targets. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "./harness/client.ts";
import { Mesh } from "./harness/mesh.ts";

let folder: string;
let server: http.Server;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-unix-"));
  server = http.createServer((request, response) => response.end(`${request.headers.host} ${request.url}`));
  await once(server.listen(path.join(folder, "service")), "listening");
});

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

test.each(["wasm", "native"] as const)("target %s", async (target) => {
  const mesh = await Mesh.create({ target });
  try {
    const { ports, diagnostics } = await mesh.apply([
      JSON.stringify({
        apiVersion: "networking.istio.io/v1",
        kind: "ServiceEntry",
        metadata: { name: "local", namespace: "default" },
        spec: {
          hosts: ["local.example"],
          ports: [{ number: 80, name: "http", protocol: "HTTP" }],
          resolution: "STATIC",
          endpoints: [{ address: `unix://${path.join(folder, "service")}` }],
        },
      }),
    ]);
    expect(diagnostics).toEqual([]);
    const answer = await ask(ports.get("mesh")!, { host: "local.example", path: "/x?y" });
    expect([answer.status, answer.body]).toEqual([200, "local.example /x?y"]);
  } finally {
    await mesh.close();
  }
});
