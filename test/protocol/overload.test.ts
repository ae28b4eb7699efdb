/** More clients, or more in memory, than an Envoy as a whole may have: `globalDownstreamConnectionLimit` and `--memory-limit`. */

import { once } from "node:events";
import { afterAll, beforeAll, describe, test } from "vitest";
import { ask } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";
import { answerOn, applyEdge, Clients, GET, MIB, StallingServer, statOf } from "./edge.ts";

const clients = new Clients();
let stalling: StallingServer;

beforeAll(async () => {
  stalling = await StallingServer.start();
});

afterAll(() => {
  clients.close();
  stalling.close();
});

// What decides requests has no part in these; most of the time they wait.
describe.concurrent("an Envoy", () => {
  test("that may have two connections takes no third one, on whichever listener", async ({ expect }) => {
    const envoy = await Mesh.create({ target: "native" });
    try {
      const port = await applyEdge(envoy, { globalDownstreamConnectionLimit: 2 });
      const held = [await clients.connect(port), await clients.connect(port)];
      for (const socket of held) {
        socket.write(GET);
        expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 200 /);
      }
      expect(await answerOn(await clients.connect(port))).toBe("");
    } finally {
      await envoy.close();
    }
  });

  test("whose memory is used up takes no more requests, and keeps no idle connection", async ({ expect }) => {
    const envoy = await Mesh.create({ target: "wasm" });
    try {
      const port = await applyEdge(envoy, { httpDrainTimeout: "0.1s" }, { memoryLimit: MIB });
      // It has an hour otherwise.
      const idle = await clients.connect(port);
      const gone = once(idle.resume(), "close");
      await expect
        .poll(async () => {
          const { status, body, headers } = await ask(port, { host: "a.example", path: "/" });
          return { status, body, connection: headers.connection };
        })
        .toEqual({ status: 503, body: "envoy overloaded", connection: ["close"] });
      await gone;
      expect(await statOf(envoy, "http.gateway_80.downstream_cx_idle_timeout")).toBeGreaterThan(0);
    } finally {
      await envoy.close();
    }
  });

  test("whose memory goes short resets the streams that hold most of it, and serves on", async ({
    expect,
  }) => {
    const envoy = await Mesh.create({ target: "wasm" });
    try {
      const settings = {
        listenerPerConnectionBufferLimitBytes: 64 * MIB,
        http2InitialStreamWindowSize: 64 * MIB,
        http2InitialConnectionWindowSize: 64 * MIB,
      };
      const port = await applyEdge(envoy, settings, { memoryLimit: 96 * MIB, behind: stalling });
      const session = await clients.connectHttp2(port);
      for (let i = 0; i < 4; i++) {
        const stream = session.request({ ":path": "/stalled", ":authority": "a.example" });
        // An answer that somebody has asked for, and does not read, stays where it is.
        stream.on("response", () => {}).on("error", () => {});
      }
      await expect
        .poll(() => statOf(envoy, "envoy.overload_actions.reset_high_memory_stream.count"))
        .toBeGreaterThan(0);
      await expect.poll(async () => (await ask(port, { host: "a.example", path: "/" })).status).toBe(200);
    } finally {
      await envoy.close();
    }
  });
});
