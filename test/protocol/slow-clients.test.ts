/** Clients that are slow, silent or many, and what `connectionSettings` and `--memory-limit` do about them. */

import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { ProxyOptions, Target } from "../../compiler/options.ts";
import { WORLD } from "../conformance/format.ts";
import { ask, formatRequest } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";
import { TARGETS } from "../harness/targets.ts";

const EDGE = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge, namespace: shop }
spec:
  hosts: ["*"]
  gateways: [edge]
  http: [{ retries: { attempts: 1, retryOn: 5xx }, route: [{ destination: { host: reviews } }] }]
`;
/** Sends for as long as the other side lets it. */
const DRIP_MS = 20;
/** More than a busy machine needs for what takes a moment. */
const SOON_MS = 20_000;
/** Longer than any limit here, and than any test. */
const ENDLESS = { "x-echo-delay-ms": "600000" };

const sockets: net.Socket[] = [];
const sessions: http2.ClientHttp2Session[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) {
    socket.destroy();
  }
  for (const session of sessions.splice(0)) {
    session.destroy();
  }
});

function mesh(settings: Readonly<Record<string, unknown>> | undefined): string {
  const defaultConfig = settings === undefined ? {} : { connectionSettings: settings };
  return JSON.stringify({
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    metadata: { name: "mesh", namespace: "istio-system" },
    spec: { meshConfig: { defaultConfig } },
  });
}

async function edgeOf(
  envoy: Mesh,
  settings?: Readonly<Record<string, unknown>>,
  proxy: Partial<Omit<ProxyOptions, "portMap">> = {},
): Promise<number> {
  const { ports } = await envoy.apply([WORLD, EDGE, mesh(settings)], {
    proxy: { proxyNamespace: "shop", ...proxy },
  });
  return ports.get("gateway_80")!;
}

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect(port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** The first bytes that come; none where the other side closes instead. `drip`: what is sent until then, again and again. */
async function answerOn(socket: net.Socket, drip?: string): Promise<string> {
  // What has arrived is read first: a connection that was closed meanwhile would lose it by the next write.
  const write = () => setImmediate(() => socket.write(drip!));
  const timer = drip === undefined ? undefined : setInterval(write, DRIP_MS);
  const [bytes] = await Promise.race([once(socket, "data"), once(socket, "close")]);
  clearInterval(timer);
  return Buffer.isBuffer(bytes) ? bytes.toString("latin1") : "";
}

async function http2Of(port: number): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  sessions.push(session);
  session.on("error", () => {});
  await once(session, "remoteSettings");
  return session;
}

const GET = formatRequest({ host: "a.example", path: "/" });
const UPLOAD = "POST / HTTP/1.1\r\nhost: a.example\r\ncontent-length: 100000\r\n\r\n";

describe.each(TARGETS)("target %s", (target: Target) => {
  let envoy: Mesh;

  beforeAll(async () => {
    envoy = await Mesh.create({ target });
  });

  afterAll(async () => {
    await envoy?.close();
  });

  test("headers that come byte by byte are cut, and so is a body", async () => {
    const port = await edgeOf(envoy, { httpRequestHeadersTimeout: "0.2s", httpRequestTimeout: "0.3s" });
    const slowHead = await connect(port);
    slowHead.write("GET / HTTP/1.1\r\nhost: a.example\r\nx-slow: ");
    const slowBody = await connect(port);
    slowBody.write(UPLOAD);
    for (const answer of await Promise.all([answerOn(slowHead, "a"), answerOn(slowBody, "a")])) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer).toContain("connection: close");
    }
  });

  test("a stream in which nothing moves is cut: 408 before the request is there, 504 before its answer", async () => {
    const port = await edgeOf(envoy, { httpStreamIdleTimeout: "0.2s" });
    const stalled = await connect(port);
    stalled.write(UPLOAD);
    const [early, late] = await Promise.all([
      answerOn(stalled),
      ask(port, { host: "a.example", path: "/", headers: ENDLESS }),
    ]);
    expect(early).toMatch(/^HTTP\/1\.1 408 /);
    expect(late).toMatchObject({ status: 504, body: "stream timeout" });
  });

  test("over HTTP/2 a client is told what it may have at once, by default and by what is written", async () => {
    const usual = await http2Of(await edgeOf(envoy));
    expect(usual.remoteSettings).toMatchObject({ maxConcurrentStreams: 100, initialWindowSize: 65_536 });
    await expect.poll(() => usual.state.remoteWindowSize).toBe(1_048_576);
    const written = await http2Of(
      await edgeOf(envoy, { httpMaxConcurrentStreams: 3, http2InitialStreamWindowSize: 70_000 }),
    );
    expect(written.remoteSettings).toMatchObject({ maxConcurrentStreams: 3, initialWindowSize: 70_000 });
    const none = await http2Of(await edgeOf(envoy, { profile: "SIDECAR" }));
    expect(none.remoteSettings.maxConcurrentStreams).toBeGreaterThan(100);
  });

  test("a body that no buffer holds arrives whole, and again in a retry", async () => {
    const port = await edgeOf(envoy, { listenerPerConnectionBufferLimitBytes: 16_384 });
    const body = Buffer.alloc(600_000, "a");
    const headers = { "x-echo-status": "503", "x-echo-fail-times": "1", "x-echo-key": `retried-${target}` };
    const answer = await ask(port, { method: "POST", host: "a.example", path: "/", headers, body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body).headers["content-length"]).toBe("600000");
  });
});

// What decides has no part in these.
describe("connections", () => {
  let envoy: Mesh;

  beforeAll(async () => {
    envoy = await Mesh.create({ target: "native" });
  });

  afterAll(async () => {
    await envoy?.close();
  });

  async function stat(name: string): Promise<number | undefined> {
    return [...(await envoy.envoy.admin.stats(`^http\\.gateway_80\\.${name}$`)).values()][0];
  }

  /** Nothing is sent on it. */
  async function closed(socket: net.Socket): Promise<void> {
    socket.resume();
    await once(socket, "close");
  }

  test("a request with its answer has so much time, a connection so much more", async () => {
    const port = await edgeOf(envoy, {
      httpMaxStreamDuration: "0.8s",
      httpMaxConnectionDuration: "1s",
      httpDrainTimeout: "0.1s",
    });
    const old = await connect(port);
    const [long] = await Promise.all([
      ask(port, { host: "a.example", path: "/", headers: ENDLESS }),
      closed(old),
    ]);
    expect(long.status).toBe(504);
    expect(await stat("downstream_cx_max_duration_reached")).toBeGreaterThan(0);
  });

  test("a connection without requests is closed", async () => {
    const port = await edgeOf(envoy, { httpIdleTimeout: "0.6s", httpDrainTimeout: "0.1s" });
    await closed(await connect(port));
    expect(await stat("downstream_cx_idle_timeout")).toBe(1);
  });

  test("one connection more than a listener may have is closed, until another one goes", async () => {
    const port = await edgeOf(envoy, { listenerConnectionLimit: 2 });
    const [first, second] = [await connect(port), await connect(port)];
    for (const socket of [first, second]) {
      socket.write(GET);
      expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 200 /);
    }
    expect(await answerOn(await connect(port))).toBe("");
    first.destroy();
    await vi.waitFor(async () => {
      const another = await connect(port);
      another.write(GET);
      expect(await answerOn(another)).toMatch(/^HTTP\/1\.1 200 /);
    }, SOON_MS);
  });
});

test("an Envoy that may have two connections takes no third one, on whichever listener", async () => {
  const envoy = await Mesh.create({ target: "native" });
  try {
    const port = await edgeOf(envoy, { globalDownstreamConnectionLimit: 2 });
    const held = [await connect(port), await connect(port)];
    for (const socket of held) {
      socket.write(GET);
      expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 200 /);
    }
    expect(await answerOn(await connect(port))).toBe("");
  } finally {
    await envoy.close();
  }
});

test("an Envoy whose memory is used up takes no more requests", async () => {
  const envoy = await Mesh.create({ target: "wasm" });
  try {
    const port = await edgeOf(envoy, undefined, { memoryLimit: 1024 ** 2 });
    await vi.waitFor(async () => {
      const { status, body } = await ask(port, { host: "a.example", path: "/" });
      expect({ status, body }).toEqual({ status: 503, body: "envoy overloaded" });
    }, SOON_MS);
  } finally {
    await envoy.close();
  }
});
