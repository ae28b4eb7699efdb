/** WebSocket through the proxy: an upgrade is a request like any other until it is accepted. CONNECT is none. */

import http2 from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { ask, askRaw } from "../harness/client.ts";
import { type BothTargets, openBothTargets, SIDES } from "./both-targets.ts";
import { type ProtocolUpstream, startHttp1Upstream } from "./upstreams.ts";
import { whileTheyWait } from "./while-they-wait.ts";

const DELAY_MS = 300;
const TIMEOUT_MS = 200;

const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: chat, namespace: shop }
spec:
  hosts: [chat]
  http:
  - match: [{ uri: { exact: /aborted } }]
    fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }
    route: [{ destination: { host: stable } }]
  - match: [{ uri: { exact: /slow } }]
    fault: { delay: { fixedDelay: ${DELAY_MS}ms, percentage: { value: 100 } } }
    route: [{ destination: { host: stable } }]
  - match: [{ uri: { exact: /closed } }]
    directResponse: { status: 403 }
  - match: [{ uri: { prefix: /short } }]
    timeout: ${TIMEOUT_MS}ms
    rewrite: { uri: /rewritten }
    headers: { request: { set: { x-set: by the rule } } }
    route: [{ destination: { host: stable } }]
  - match: [{ headers: { upgrade: { exact: websocket }, end-user: { exact: jason } } }]
    route: [{ destination: { host: canary } }]
  - match: [{ uri: { prefix: /split } }]
    route:
    - { destination: { host: stable }, weight: 50 }
    - { destination: { host: canary }, weight: 50 }
  - match: [{ uri: { prefix: /mirrored } }]
    route: [{ destination: { host: stable } }]
    mirror: { host: canary }
  - match: [{ method: { exact: CONNECT } }]
    route: [{ destination: { host: canary } }]
  - route: [{ destination: { host: stable } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: answers, namespace: shop }
spec:
  hosts: [answers]
  http:
  - match: [{ headers: { x-abort: {} } }]
    fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }
    route: [{ destination: { host: stable } }]
  - directResponse: { status: 200 }
`;

let stable: ProtocolUpstream;
let canary: ProtocolUpstream;
let proxy: BothTargets;

beforeAll(async () => {
  [stable, canary] = await Promise.all([startHttp1Upstream("stable"), startHttp1Upstream("canary")]);
  proxy = await openBothTargets(
    [
      { name: "chat", protocol: "HTTP", port: stable.port },
      { name: "answers", protocol: "HTTP", port: stable.port },
      { name: "stable", protocol: "HTTP", port: stable.port },
      { name: "canary", protocol: "HTTP", port: canary.port },
    ],
    RULES,
  );
});

beforeEach(() => {
  stable.reset();
  canary.reset();
});

afterAll(async () => {
  expect(proxy.complaints()).toEqual([]);
  await proxy.close();
  await Promise.all([stable.close(), canary.close()]);
});

describe.each(SIDES)("target %s", (side) => {
  const port = () => proxy.ports[side];

  /** Opens one and reads the name that the service says first; rejects with the status of a refusal. */
  function open(path: string, headers: Readonly<Record<string, string>> = {}) {
    const socket = new WebSocket(`ws://127.0.0.1:${port()}${path}`, {
      headers: { host: "chat", ...headers },
      handshakeTimeout: 30_000,
    });
    return new Promise<{ readonly socket: WebSocket; readonly name: string }>((resolve, reject) => {
      socket.once("message", (data) => resolve({ socket, name: data.toString() }));
      socket.once("unexpected-response", (request, response) => {
        request.destroy();
        reject(new Error(String(response.statusCode)));
      });
      socket.once("error", reject);
    });
  }

  const echo = (socket: WebSocket, message: string | Buffer) =>
    new Promise<Buffer>((resolve) => {
      socket.once("message", (data) => resolve(data as Buffer));
      socket.send(message);
    });

  const ended = (socket: WebSocket) =>
    new Promise<number>((resolve) => {
      socket.once("close", resolve);
    });

  test("an upgrade goes where the rules say, and messages of any size both ways", async () => {
    for (const [headers, name] of [
      [{}, "stable"],
      [{ "end-user": "jason" }, "canary"],
    ] as const) {
      const opened = await open("/room?id=1", headers);
      expect(opened.name).toBe(name);
      for (const size of [0, 1, 70_000, 3 << 20]) {
        const message = Buffer.alloc(size, "abcdefg");
        expect((await echo(opened.socket, message)).equals(message)).toBe(true);
      }
      opened.socket.close(1001);
      expect(await ended(opened.socket)).toBe(1001);
    }
    expect(stable.received).toMatchObject([{ path: "/room?id=1", host: "chat" }]);
    // The same without an upgrade is another rule's.
    const plain = await ask(port(), { path: "/room", host: "chat", headers: { "end-user": "jason" } });
    expect(plain.headers["x-service"]).toEqual(["stable"]);
  });

  test("rewritten, with headers, and open for longer than the rule's timeout", async () => {
    // The upgrade itself has no longer than that, which a busy machine does not always make.
    const socket = await vi.waitFor(async () => (await open("/short/room")).socket, 30_000);
    expect(stable.received.at(-1)).toMatchObject({
      path: "/rewritten/room",
      headers: { "x-set": "by the rule" },
    });
    await sleep(TIMEOUT_MS + 300);
    expect((await echo(socket, "still here")).toString()).toBe("still here");
    socket.close();
    await ended(socket);
  });

  test("a delayed one, and one that is split", async () => {
    const start = performance.now();
    const { socket } = await open("/slow");
    expect(performance.now() - start).toBeGreaterThan(DELAY_MS - 11);
    expect((await echo(socket, "hello")).toString()).toBe("hello");
    socket.close();
    const names = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const opened = await open("/split");
      names.add(opened.name);
      opened.socket.terminate();
    }
    expect([...names].sort()).toEqual(["canary", "stable"]);
  });

  test("what the proxy answers itself, and what the service refuses", async () => {
    await expect(open("/aborted")).rejects.toThrow("503");
    await expect(open("/closed")).rejects.toThrow("403");
    expect(stable.received).toEqual([]);
    await expect(open("/room", { "x-answer-status": "401" })).rejects.toThrow("401");
    expect(stable.received).toHaveLength(1);
  });

  test("a mirror gets the upgrade too, and nobody hears what it says", async () => {
    const { socket, name } = await open("/mirrored");
    expect(name).toBe("stable");
    expect((await echo(socket, "hello")).toString()).toBe("hello");
    socket.close();
    await ended(socket);
    await expect.poll(() => canary.received.length).toBe(1);
    for (const { headers } of [...stable.received, ...canary.received]) {
      expect(Object.keys(headers).filter((key) => key.startsWith("x-sluice-"))).toEqual([]);
    }
  });

  test("a client that leaves before its upgrade was let through", async () => {
    const active = () => proxy.stat(side, "downstream_rq_active");
    await whileTheyWait(DELAY_MS, async (isLate) => {
      await expect.poll(active).toBe(0);
      stable.reset();
      const socket = new WebSocket(`ws://127.0.0.1:${port()}/slow`, { headers: { host: "chat" } });
      socket.on("error", () => {});
      await expect.poll(async () => isLate() || (await active()) === 1).toBe(true);
      socket.terminate();
      await expect.poll(active, { interval: 10 }).toBe(0);
    });
    await sleep(DELAY_MS + 100);
    expect(stable.received).toEqual([]);
  });

  test("other upgrades are refused, whatever a rule says", async () => {
    const upgrade = (to: string) =>
      askRaw(
        port(),
        Buffer.from(`GET /room HTTP/1.1\r\nhost: chat\r\nconnection: upgrade\r\nupgrade: ${to}\r\n\r\n`),
      );
    expect((await upgrade("something")).status).toBe(403);
    // Envoy reads on in HTTP/1.1 when it does not take this one.
    expect((await upgrade("h2c")).headers["x-service"]).toEqual(["stable"]);
  });

  test("CONNECT is refused, whatever a rule says", async () => {
    for (const [authority, status] of [
      ["chat:80", 404],
      ["chat", 400],
      ["127.0.0.1:22", 404],
      ["answers:80", 404],
      ["", 400],
    ] as const) {
      for (const header of ["", "x-abort: 1\r\n"]) {
        const bytes = Buffer.from(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${header}\r\n`);
        const answer = await askRaw(port(), bytes, true);
        expect([authority, answer.status]).toEqual([authority, status]);
      }
    }
    expect(await connectHttp2({})).toBe(404);
    // Of RFC 8441, WebSocket over HTTP/2, which istiod does not offer either.
    const overHttp2 = { ":protocol": "websocket", ":path": "/room", ":scheme": "http" };
    expect(await connectHttp2(overHttp2)).toBe(0);
    expect([...stable.received, ...canary.received]).toEqual([]);
  });

  /** The status, or 0 when there is none. */
  function connectHttp2(headers: http2.OutgoingHttpHeaders): Promise<number> {
    return new Promise((resolve, reject) => {
      const session = http2.connect(`http://127.0.0.1:${port()}`);
      session.on("error", reject);
      const stream = session.request({ ":method": "CONNECT", ":authority": "chat:80", ...headers });
      let status = 0;
      stream.on("response", (fields) => {
        status = Number(fields[":status"]);
        stream.close();
      });
      stream.on("error", () => {});
      stream.on("close", () => {
        session.destroy();
        resolve(status);
      });
    });
  }
});
