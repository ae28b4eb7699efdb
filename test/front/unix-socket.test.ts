/** A ServiceEntry whose endpoint is a socket of this machine, and Gateways that bind one, in a real Envoy for both targets. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "../harness/client.ts";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";
import { Mesh } from "../harness/mesh.ts";

let folder: string;
let server: http.Server;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-unix-"));
  server = http.createServer(KEPT_CONNECTIONS, (request, response) =>
    response.end(`${request.headers.host} ${request.url}`),
  );
  await once(server.listen(path.join(folder, "service")), "listening");
});

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

test.each(["wasm", "native"] as const)("an endpoint, target %s", async (target) => {
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

test.each(["wasm", "native"] as const)("servers of Gateways, target %s", async (target) => {
  const resource = (kind: string, name: string, spec: object) =>
    JSON.stringify({
      apiVersion: "networking.istio.io/v1",
      kind,
      metadata: { name, namespace: "default" },
      spec,
    });
  const [one, two] = ["one.sock", "two.sock"].map((name) => path.join(folder, name)) as [string, string];
  const server = (socket: string) => ({
    port: { number: 0, name: "http", protocol: "HTTP" },
    bind: `unix://${socket}`,
    hosts: ["*"],
  });
  const answering = (name: string, body: string) =>
    resource("VirtualService", name, {
      hosts: ["*"],
      gateways: [name],
      http: [
        { match: [{ uri: { prefix: "/x" } }], directResponse: { status: 200, body: { string: body } } },
        { redirect: { uri: "/x" } },
      ],
    });
  const mesh = await Mesh.create({ target });
  try {
    const { diagnostics, compilation } = await mesh.apply([
      ...[one, two].map((socket, i) => resource("Gateway", `edge-${i}`, { servers: [server(socket)] })),
      answering("edge-0", "first"),
      answering("edge-1", "second"),
    ]);
    expect(diagnostics.filter(({ level }) => level !== "info")).toEqual([]);
    expect(compilation!.config.listeners.map(({ address }) => address)).toContain(`unix:${one}`);
    expect(await askSocket(one, "/x")).toEqual([200, "first"]);
    expect(await askSocket(two, "/x/y")).toEqual([200, "second"]);
    expect((await askSocket(one, "/other"))[0]).toBe(301);
  } finally {
    await mesh.close();
  }
});

test.each(["wasm", "native"] as const)("a listener of a Sidecar, target %s", async (target) => {
  const resource = (kind: string, name: string, spec: object) =>
    JSON.stringify({
      apiVersion: "networking.istio.io/v1",
      kind,
      metadata: { name, namespace: "default" },
      spec,
    });
  const service = (host: string) =>
    resource("ServiceEntry", host.replace(".", "-"), {
      hosts: [host],
      ports: [{ number: 80, name: "http", protocol: "HTTP" }],
      resolution: "STATIC",
      endpoints: [{ address: `unix://${path.join(folder, "service")}` }],
    });
  const socket = path.join(folder, "sidecar.sock");
  const mesh = await Mesh.create({ target });
  try {
    const { diagnostics, ports } = await mesh.apply([
      service("any.example"),
      service("other.example"),
      resource("Sidecar", "default", {
        egress: [
          {
            port: { number: 0, name: "http", protocol: "HTTP" },
            bind: `unix://${socket}`,
            hosts: ["./any.example"],
          },
          { hosts: ["./other.example"] },
        ],
        outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
      }),
    ]);
    expect(diagnostics).toEqual([]);
    expect(await askSocket(socket, "/x")).toEqual([200, "any.example /x"]);
    expect((await askSocket(socket, "/x", "other.example"))[0]).toBe(502);
    const { status } = await ask(ports.get("mesh")!, { host: "other.example", path: "/" });
    expect(status).toBe(200);
  } finally {
    await mesh.close();
  }
});

function askSocket(
  socketPath: string,
  target: string,
  host = "any.example",
): Promise<[status: number, body: string]> {
  return new Promise((resolve, reject) => {
    http
      .get({ socketPath, path: target, headers: { host }, agent: false }, (response) => {
        let body = "";
        response.on("data", (data) => {
          body += data;
        });
        response.on("end", () => resolve([response.statusCode!, body]));
      })
      .on("error", reject);
  });
}
