/** Clients that leave while a fault makes their requests wait: nothing of them goes on, and nobody else notices. */

import http2 from "node:http2";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ask, type ClientResponse } from "../harness/client.ts";
import { type BothTargets, openBothTargets, SIDES } from "./both-targets.ts";
import { type ProtocolUpstream, startHttp1Upstream } from "./upstreams.ts";
import { whileTheyWait } from "./while-they-wait.ts";

const DELAY_MS = 400;
/** Envoy's timers count whole milliseconds. */
const LEAST_MS = DELAY_MS - 11;

const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: one, namespace: shop }
spec:
  hosts: [one]
  http:
  - match: [{ uri: { prefix: /slow } }]
    fault: { delay: { fixedDelay: ${DELAY_MS}ms, percentage: { value: 100 } } }
    route: [{ destination: { host: one } }]
  - match: [{ uri: { prefix: /abort } }]
    fault:
      delay: { fixedDelay: ${DELAY_MS}ms, percentage: { value: 100 } }
      abort: { httpStatus: 503, percentage: { value: 100 } }
    route: [{ destination: { host: one } }]
  - match: [{ uri: { prefix: /soon } }]
    fault: { delay: { fixedDelay: 50ms, percentage: { value: 100 } } }
    route: [{ destination: { host: one } }]
  - route: [{ destination: { host: one } }]
`;

let one: ProtocolUpstream;
let proxy: BothTargets;

beforeAll(async () => {
  one = await startHttp1Upstream("one");
  proxy = await openBothTargets([{ name: "one", protocol: "HTTP", port: one.port }], RULES);
});

beforeEach(() => one.reset());

afterAll(async () => {
  expect(proxy.complaints()).toEqual([]);
  await proxy.close();
  await one.close();
});

describe.each(SIDES)("target %s", (side) => {
  const port = () => proxy.ports[side];
  const active = () => proxy.stat(side, "downstream_rq_active");
  const untilActive = (count: number, isLate: () => boolean) =>
    expect.poll(async () => isLate() || (await active()) >= count).toBe(true);
  const sessions: http2.ClientHttp2Session[] = [];

  /** Nothing is under way, and nothing has been. */
  async function anew(): Promise<void> {
    await expect.poll(active).toBe(0);
    one.reset();
  }

  function openSession(): http2.ClientHttp2Session {
    const session = http2.connect(`http://127.0.0.1:${port()}`);
    session.on("error", () => {});
    sessions.push(session);
    return session;
  }

  afterEach(async () => {
    await expect.poll(active).toBe(0);
    // Whoever comes next waits as long as the rule says, and gets an answer.
    const next = await ask(port(), { path: "/slow", host: "one" });
    expect(next.status).toBe(200);
    expect(next.elapsedMs).toBeGreaterThan(LEAST_MS);
    expect(next.elapsedMs).toBeLessThan(10 * DELAY_MS);
    for (const session of sessions.splice(0)) {
      session.destroy();
    }
  });

  async function openSocket(text: string): Promise<net.Socket> {
    const socket = net.connect(port(), "127.0.0.1");
    socket.on("error", () => {});
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(text);
    return socket;
  }

  /** Twenty of them: half of them leave with a reset, half of them in order. */
  async function comeAndLeave(text: string, isLate: () => boolean): Promise<void> {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(text)));
    await untilActive(20, isLate);
    for (const [i, socket] of sockets.entries()) {
      if (i % 2 === 0) {
        socket.resetAndDestroy();
      } else {
        socket.destroy();
      }
    }
  }

  test.each([
    ["without a body", "GET /slow HTTP/1.1\r\nhost: one\r\n\r\n"],
    [
      "with half of a body",
      `POST /slow HTTP/1.1\r\nhost: one\r\ncontent-length: 100\r\n\r\n${"a".repeat(50)}`,
    ],
    [
      "in the middle of a chunk",
      "POST /slow HTTP/1.1\r\nhost: one\r\ntransfer-encoding: chunked\r\n\r\nff\r\nabc",
    ],
    ["that would have been aborted", "GET /abort HTTP/1.1\r\nhost: one\r\n\r\n"],
  ])("a request %s", async (_, text) => {
    await whileTheyWait(DELAY_MS, async (isLate) => {
      await anew();
      await comeAndLeave(text, isLate);
      await expect.poll(active, { interval: 10 }).toBe(0);
    });
    await sleep(DELAY_MS + 100);
    expect(one.received).toEqual([]);
  });

  test.each([
    [
      "more body than it buffers",
      `POST /slow HTTP/1.1\r\nhost: one\r\ncontent-length: 9999999\r\n\r\n${"a".repeat(3 << 20)}`,
    ],
    ["another request", "GET /slow HTTP/1.1\r\nhost: one\r\n\r\n".repeat(2)],
  ])("Envoy reads no further, and sees late that a client is gone, behind %s", async (_, text) => {
    const end = performance.now() + DELAY_MS;
    await comeAndLeave(text, () => performance.now() > end);
    await expect.poll(active, { timeout: 3 * DELAY_MS + 30_000 }).toBe(0);
    for (const { method, state } of one.received) {
      expect([method, state]).not.toEqual(["POST", "whole"]);
    }
    expect(one.received.length).toBeLessThanOrEqual(40);
  });

  test("streams of HTTP/2 that are cancelled, among others of their connection that are not", async () => {
    const kept = await whileTheyWait(DELAY_MS, async (isLate) => {
      await anew();
      const session = openSession();
      const start = performance.now();
      const cancelled: http2.ClientHttp2Stream[] = [];
      const staying: Promise<{ readonly status: number; readonly elapsedMs: number }>[] = [];
      for (let i = 0; i < 100; i++) {
        const stream = session.request({ ":path": `/slow/${i}`, ":authority": "one" });
        stream.on("error", () => {});
        if (i % 2 === 0) {
          cancelled.push(stream);
          continue;
        }
        staying.push(
          new Promise((resolve) => {
            stream.on("response", (fields) =>
              resolve({ status: Number(fields[":status"]), elapsedMs: performance.now() - start }),
            );
            stream.on("close", () => resolve({ status: 0, elapsedMs: performance.now() - start }));
            stream.resume();
          }),
        );
      }
      await untilActive(100, isLate);
      for (const stream of cancelled) {
        stream.close(http2.constants.NGHTTP2_CANCEL);
      }
      await expect.poll(active, { interval: 10 }).toBeLessThanOrEqual(50);
      return staying;
    });
    const answers = await Promise.all(kept);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(Math.min(...answers.map(({ elapsedMs }) => elapsedMs))).toBeGreaterThan(LEAST_MS);
    expect(one.received.map(({ path }) => Number(path.split("/")[2]) % 2)).toEqual(
      Array.from({ length: 50 }, () => 1),
    );
  });

  test("a connection of HTTP/2 that breaks, with all of its streams", async () => {
    await whileTheyWait(DELAY_MS, async (isLate) => {
      await anew();
      const session = openSession();
      for (let i = 0; i < 100; i++) {
        session.request({ ":path": "/slow", ":authority": "one" }).on("error", () => {});
      }
      await untilActive(100, isLate);
      session.destroy();
      await expect.poll(active, { interval: 10 }).toBe(0);
    });
    await sleep(DELAY_MS + 100);
    expect(one.received).toEqual([]);
  });

  test("at the very moment at which they would have gone on", async () => {
    const stayed: Promise<ClientResponse>[] = [];
    for (let i = 0; i < 300; i++) {
      if (i % 3 === 0) {
        stayed.push(ask(port(), { path: "/soon", host: "one", body: "abc", method: "POST" }));
      } else {
        const socket = await openSocket("POST /soon HTTP/1.1\r\nhost: one\r\ncontent-length: 3\r\n\r\nabc");
        setTimeout(() => socket.destroy(), 45 + (i % 11));
      }
    }
    const answers = await Promise.all(stayed);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200));
    expect(Math.min(...answers.map(({ elapsedMs }) => elapsedMs))).toBeGreaterThan(39);
  });
});
