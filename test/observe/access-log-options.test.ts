/** What the options of an access log make of it: its share of requests, its formats, and connections without HTTP. */

import net from "node:net";
import { expect, test } from "vitest";
import { binomialInterval } from "../../compiler/binomial.ts";
import { ask, Connection } from "../harness/client.ts";
import { RULES } from "./log-rules.ts";
import { LoggedMesh, SIDES } from "./logged-mesh.ts";

const FORMAT = "%REQ(:method)%|%RULE%|%MATCH%|%FAULT%|%LISTENER%|%REQ(x-absent)%|100 %%";

test("a sample is a share of the requests, whatever their ids are, in a format of one's own", async () => {
  const mesh = await LoggedMesh.open(RULES, { accessLogSample: 20, accessLogFormat: FORMAT });
  try {
    const requests = 600;
    for (const side of SIDES) {
      const connection = await Connection.open(mesh.ports[side]);
      for (let i = 0; i < requests; i++) {
        // One id for all: by it, all would be sampled or none.
        const headers = { "x-request-id": "0f3a8b1c-1111-4111-8111-111111111111" };
        await connection.request({ path: "/pages/a", host: "shop.example", headers });
      }
      connection.close();
    }
    await mesh.mesh.envoy.stop();
    const lines = await mesh.lines(0);
    for (const listener of ["mesh", "native_mesh"]) {
      const own = lines.filter((line) => line.split("|")[4] === listener);
      const { low, high } = binomialInterval(requests, 0.2);
      expect(own.length).toBeGreaterThanOrEqual(low);
      expect(own.length).toBeLessThanOrEqual(high);
      expect(new Set(own)).toEqual(new Set([`GET|shop/shop#pages.first|first|-|${listener}|-|100 %`]));
    }
  } finally {
    await mesh.close();
  }
}, 60_000);

test("the mesh may ask for a log, and say what stands in it", async () => {
  const settings = (log: string) => `
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: { name: mesh }
spec:
  meshConfig:
    accessLogFile: ${log}
    accessLogEncoding: JSON
    accessLogFormat: '{"rule": "%RULE%", "asked": "%REQ(:PATH)%", "listener": "%LISTENER%"}'
`;
  const mesh = await LoggedMesh.open((log) => `${RULES}\n---${settings(log)}`, {
    accessLog: "",
    accessLogFormat: "text",
  });
  try {
    for (const side of SIDES) {
      await ask(mesh.ports[side], { path: "/pages/a", host: "shop.example" });
    }
    await mesh.mesh.envoy.stop();
    const lines = (await mesh.lines(0)).map((line) => JSON.parse(line));
    expect(lines).toEqual(
      ["mesh", "native_mesh"].map((listener) => ({
        rule: "shop/shop#pages.first",
        asked: "/pages/a",
        listener,
      })),
    );
  } finally {
    await mesh.close();
  }
});

test("a connection without HTTP is a line, too", async () => {
  const server = net.createServer((socket) => socket.end("hello")).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as net.AddressInfo;
  const entry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: db, namespace: shop }
spec:
  hosts: [db.example]
  resolution: STATIC
  ports: [{ number: 9000, name: tcp, protocol: TCP, targetPort: ${port} }]
  endpoints: [{ address: 127.0.0.1 }]
`;
  const mesh = await LoggedMesh.open(entry, { meshListeners: true });
  try {
    const text = await new Promise<string>((resolve) => {
      const socket = net.connect(mesh.listeners.get("mesh_9000")!, "127.0.0.1");
      let received = "";
      socket.on("data", (data) => {
        received += data;
      });
      socket.on("close", () => resolve(received));
    });
    expect(text).toBe("hello");
    const [line] = await mesh.lines(1);
    expect(JSON.parse(line!)).toMatchObject({
      protocol: "TCP",
      bytes_in: 0,
      bytes_out: 5,
      cluster: "outbound|9000||db.example",
      host: `127.0.0.1:${port}`,
      sni: null,
      duration_ms: expect.any(Number),
    });
  } finally {
    await mesh.close();
    server.close();
  }
});
