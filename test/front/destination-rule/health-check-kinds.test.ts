/** What a check can ask besides a path: gRPC, a connection, over TLS, at another port, of single subsets. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { Authority } from "../../harness/authority.ts";
import { ask } from "../../harness/client.ts";
import { KEPT_CONNECTIONS } from "../../harness/kept-connections.ts";
import { Mesh } from "../../harness/mesh.ts";
import { freePort } from "../../harness/ports.ts";
import { apply, destinationRule, HOST, stat } from "./mesh.ts";
import { Patient } from "./patients.ts";

const ADDRESS = "127.74.1.1";
const OFTEN = "every 50ms timeout 3s unhealthy 1 healthy 1";

let mesh: Mesh;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  // Clusters are the same for both targets.
  mesh = await Mesh.create({ target: "wasm" });
  return () => mesh.close();
});

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  await mesh.apply([""]);
});

async function listening(server: net.Server, address = ADDRESS): Promise<number> {
  closing.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return (server.address() as net.AddressInfo).port;
}

function entry(check: string, port: number, more: object = {}, protocol = "HTTP"): string {
  return JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "shop", namespace: "default", annotations: { "sluice.dev/health-check": check } },
    spec: {
      hosts: [HOST],
      resolution: "STATIC",
      ports: [{ number: 80, targetPort: port, name: "web", protocol }],
      endpoints: [{ address: ADDRESS }],
      ...more,
    },
  });
}

function untilHealthy(count: number, cluster?: string): Promise<void> {
  return expect.poll(() => stat(mesh, "membership_healthy", cluster), { interval: 10 }).toBe(count);
}

test("gRPC: the service says itself whether it serves", async () => {
  const serving = new Map([["shop.Reviews", 1]]);
  const seen: string[] = [];
  const server = http2.createServer();
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      // A frame of gRPC has five bytes before its message, whose one field is the name.
      const name = Buffer.concat(chunks).subarray(7).toString();
      seen.push(`${headers[":authority"]} ${headers[":path"]} ${name}`);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.from([0, 0, 0, 0, 2, 8, serving.get(name) ?? 3]));
    });
  });
  const port = await listening(server);
  await apply(mesh, [entry(`grpc shop.Reviews ${OFTEN}`, port, {}, "GRPC")]);
  await untilHealthy(1);
  expect(seen[0]).toBe(`${HOST} /grpc.health.v1.Health/Check shop.Reviews`);
  serving.set("shop.Reviews", 2);
  await untilHealthy(0);
});

test("TCP: whoever accepts a connection is well", async () => {
  const server = net.createServer((socket) => socket.end());
  const port = await listening(server);
  await apply(mesh, [entry(`tcp ${OFTEN}`, port)]);
  await untilHealthy(1);
  server.close();
  await untilHealthy(0);
});

test.each(["DNS", "DNS_ROUND_ROBIN"])("endpoints that a name stands for: %s", async (resolution) => {
  const server = net.createServer((socket) => socket.end());
  const port = await listening(server, "127.0.0.1");
  const checks = await listening(
    net.createServer((socket) => socket.end()),
    "127.0.0.1",
  );
  await apply(mesh, [
    entry(`tcp port ${checks} ${OFTEN}`, port, { resolution, endpoints: [{ address: "localhost" }] }),
  ]);
  await untilHealthy(1);
});

test("a subset has a check of its own, at another port, with statuses of its own; another has none", async () => {
  const patients = await Promise.all(
    ["127.74.1.1", "127.74.1.2"].map(async (address) => Patient.start(address, await freePort())),
  );
  closing.push(...patients.map((patient) => () => patient.close()));
  const [, second] = patients;
  await second!.become("failing");
  const endpoints = [
    { address: "127.74.1.1", labels: { version: "v1" } },
    { address: "127.74.1.2", labels: { version: "v2" } },
  ];
  const check = `tcp ${OFTEN}; subset v2 http /healthz port ${second!.port} expect 500 ${OFTEN}; subset v1 off`;
  await apply(mesh, [
    entry("tcp", patients[0]!.port, { endpoints }),
    destinationRule(
      {
        subsets: [
          { name: "v1", labels: { version: "v1" } },
          { name: "v2", labels: { version: "v2" } },
        ],
      },
      { annotations: { "sluice.dev/health-check": check } },
    ),
    JSON.stringify({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "shop", namespace: "default" },
      spec: {
        hosts: [HOST],
        http: ["v1", "v2"].map((subset) => ({
          match: [{ uri: { prefix: `/${subset}` } }],
          route: [{ destination: { host: HOST, subset } }],
        })),
      },
    }),
  ]);
  await untilHealthy(1);
  await untilHealthy(1, `outbound|80|v2|${HOST}`);
  await second!.become("well");
  await untilHealthy(0, `outbound|80|v2|${HOST}`);
  await untilHealthy(1, `outbound|80|v1|${HOST}`);
});

test("TLS: a server that wants a name, and is verified by it, is told the check's", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-health-"));
  closing.push(() => rm(folder, { recursive: true }));
  const authority = await Authority.create("health");
  const roots = path.join(folder, "roots.pem");
  await writeFile(roots, authority.certificate);
  const { certificate, key } = await authority.issue({ names: [HOST] });
  const server = https.createServer(
    {
      ...KEPT_CONNECTIONS,
      cert: certificate,
      key,
      SNICallback: (name, done) =>
        name === HOST ? done(null) : done(new Error(`there is no certificate for ${name}`)),
    },
    (_request, response) => response.end(),
  );
  // Without a name, nobody is served at all.
  server.on("secureConnection", (socket) => {
    if (socket.servername !== HOST) {
      socket.destroy();
    }
  });
  const port = await listening(server);
  const listener = await apply(mesh, [
    entry(`http /healthz ${OFTEN}`, port),
    destinationRule({ trafficPolicy: { tls: { mode: "SIMPLE", caCertificates: roots } } }),
  ]);
  await untilHealthy(1);
  expect((await ask(listener, { path: "/", host: HOST })).status).toBe(200);
});
