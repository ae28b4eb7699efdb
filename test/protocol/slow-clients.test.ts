/** Clients that are slow, silent or many, and what `connectionSettings` do about them. */

import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { clusterStatPrefix } from "../../compiler/back/stat-names.ts";
import type { Target } from "../../compiler/options.ts";
import { ask, formatRequest } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";
import { TARGETS } from "../harness/targets.ts";
import { answerOn, applyEdge, Clients, ENDLESS, fill, GET, MIB, StallingServer, statOf } from "./edge.ts";

/** More than a busy machine needs for what takes a moment. */
const SOON_MS = 20_000;
const UPLOAD = "POST / HTTP/1.1\r\nhost: a.example\r\ncontent-length: 100000\r\n\r\n";

const IDLE_TIMEOUTS = "http.gateway_80.downstream_cx_idle_timeout";

const clients = new Clients();
afterEach(() => clients.close());

describe.each(TARGETS)("target %s", (target: Target) => {
  let envoy: Mesh;
  let stalling: StallingServer;

  beforeAll(async () => {
    envoy = await Mesh.create({ target });
    stalling = await StallingServer.start();
  });

  afterAll(async () => {
    await envoy?.close();
    stalling?.close();
  });

  test("headers that come byte by byte are cut, and so is a body", async () => {
    const port = await applyEdge(envoy, { httpRequestHeadersTimeout: "0.2s", httpRequestTimeout: "0.3s" });
    const slowHead = await clients.connect(port);
    slowHead.write("GET / HTTP/1.1\r\nhost: a.example\r\nx-slow: ");
    const slowBody = await clients.connect(port);
    slowBody.write(UPLOAD);
    for (const answer of await Promise.all([answerOn(slowHead, "a"), answerOn(slowBody, "a")])) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer).toContain("connection: close");
    }
  });

  test("a stream in which nothing moves is cut: 408 before the request is there, 504 before its answer", async () => {
    const port = await applyEdge(envoy, { httpStreamIdleTimeout: "0.2s" });
    const stalled = await clients.connect(port);
    stalled.write(UPLOAD);
    const [early, late] = await Promise.all([
      answerOn(stalled),
      ask(port, { host: "a.example", path: "/", headers: ENDLESS }),
    ]);
    expect(early).toMatch(/^HTTP\/1\.1 408 /);
    expect(late).toMatchObject({ status: 504, body: "stream timeout" });
  });

  test("over HTTP/2 a client is told what it may have at once, by default and by what is written", async () => {
    const usual = await clients.connectHttp2(await applyEdge(envoy));
    expect(usual.remoteSettings).toMatchObject({ maxConcurrentStreams: 100, initialWindowSize: 65_536 });
    await expect.poll(() => usual.state.remoteWindowSize).toBe(1_048_576);
    const written = await clients.connectHttp2(
      await applyEdge(envoy, {
        httpMaxConcurrentStreams: 3,
        http2InitialStreamWindowSize: 70_000,
        http2InitialConnectionWindowSize: 700_000,
      }),
    );
    expect(written.remoteSettings).toMatchObject({ maxConcurrentStreams: 3, initialWindowSize: 70_000 });
    await expect.poll(() => written.state.remoteWindowSize).toBe(700_000);
    const none = await clients.connectHttp2(await applyEdge(envoy, { profile: "SIDECAR" }));
    expect(none.remoteSettings.maxConcurrentStreams).toBeGreaterThan(100);
  });

  test("a body that no buffer holds arrives whole, and again in a retry where it is at most 1 MiB", async () => {
    const port = await applyEdge(envoy, { listenerPerConnectionBufferLimitBytes: 16_384 });
    const send = (key: string, body: Buffer) => {
      const headers = { "x-echo-status": "503", "x-echo-fail-times": "1", "x-echo-key": key };
      return ask(port, { method: "POST", host: "a.example", path: "/", headers, body });
    };
    const [kept, tooLarge] = await Promise.all([
      send("kept", Buffer.alloc(600_000, "a")),
      send("too-large", Buffer.alloc(2 * MIB, "a")),
    ]);
    expect(kept.status).toBe(200);
    expect(JSON.parse(kept.body).headers["content-length"]).toBe("600000");
    // Nothing refuses it for its size; the one answer that it got is passed on.
    expect(tooLarge.status).toBe(503);
    expect(JSON.parse(tooLarge.body).headers["content-length"]).toBe(String(2 * MIB));
  });

  test("for a client that does not read, a listener keeps what is written", async () => {
    const port = await applyEdge(
      envoy,
      { listenerPerConnectionBufferLimitBytes: 4 * MIB },
      { behind: stalling },
    );
    const client = await clients.connect(port);
    client.write(formatRequest({ host: "a.example", path: "/stalled" }));
    // 32 KiB otherwise.
    await expect.poll(() => stat("http.gateway_80.downstream_cx_tx_bytes_buffered")).toBeGreaterThan(2 * MIB);
  });

  test("for a server that does not read, a cluster keeps what is written", async () => {
    const cluster = clusterStatPrefix("outbound|80||stalled.example");
    const port = await applyEdge(
      envoy,
      { clusterPerConnectionBufferLimitBytes: 16_384 },
      { behind: stalling },
    );
    const client = await clients.connect(port);
    client.write(`POST /stalled HTTP/1.1\r\nhost: a.example\r\ncontent-length: ${1024 * MIB}\r\n\r\n`);
    fill(client);
    await expect.poll(() => stat(`${cluster}upstream_flow_control_backed_up_total`)).toBeGreaterThan(0);
    // Half of 1 MiB and more otherwise: so much has to go before anything comes again.
    expect(await stat(`${cluster}upstream_cx_tx_bytes_buffered`)).toBeLessThan(400_000);
  });

  test("a request with its answer has so much time", async () => {
    const port = await applyEdge(envoy, { httpMaxStreamDuration: "0.2s" });
    const { status } = await ask(port, { host: "a.example", path: "/", headers: ENDLESS });
    expect(status).toBe(504);
  });

  test("a connection has so much time, and drains for so much more", async () => {
    const idleBefore = await stat(IDLE_TIMEOUTS);
    const port = await applyEdge(envoy, {
      httpMaxConnectionDuration: "0.2s",
      httpDrainTimeout: "0.1s",
      httpIdleTimeout: "2s",
    });
    const old = await clients.connect(port);
    old.resume().write(GET);
    await once(old, "close");
    expect(await stat("http.gateway_80.downstream_cx_max_duration_reached")).toBeGreaterThan(0);
    // It has drained for less time than an idle one has, and not for Envoy's 5 s.
    expect(await stat(IDLE_TIMEOUTS)).toBe(idleBefore);
  });

  test("a connection without requests has so much time", async () => {
    const before = await stat(IDLE_TIMEOUTS);
    await clients.connect(await applyEdge(envoy, { httpIdleTimeout: "0.3s" }));
    await expect.poll(() => stat(IDLE_TIMEOUTS)).toBeGreaterThan(before);
  });

  test("one connection more than a listener may have is closed, until another one goes", async () => {
    const port = await applyEdge(envoy, { listenerConnectionLimit: 2 });
    const [first, second] = [await clients.connect(port), await clients.connect(port)];
    for (const socket of [first, second]) {
      socket.write(GET);
      expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 200 /);
    }
    expect(await answerOn(await clients.connect(port))).toBe("");
    first.destroy();
    await vi.waitFor(async () => {
      const another = await clients.connect(port);
      another.write(GET);
      expect(await answerOn(another)).toMatch(/^HTTP\/1\.1 200 /);
    }, SOON_MS);
  });

  const stat = (name: string) => statOf(envoy, name);
});
