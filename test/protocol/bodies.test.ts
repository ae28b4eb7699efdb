/** Request bodies, above all while a fault makes their requests wait: nothing is lost, and nobody hoards them. */

import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ask } from "../harness/client.ts";
import { SIDES } from "./both-targets.ts";
import { useOneAndTwo } from "./one-and-two.ts";
import { type ProtocolUpstream, sha256 } from "./upstreams.ts";

const DELAY_MS = 300;
/** What Envoy buffers of a request unless told otherwise. */
const BUFFER_BYTES = 1 << 20;
/** Envoy's timers count whole milliseconds. */
const LEAST_MS = DELAY_MS - 11;

const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: one, namespace: shop }
spec:
  hosts: [one]
  http:
  - match: [{ uri: { exact: /slow/one } }]
    fault: { delay: { fixedDelay: ${DELAY_MS}ms, percentage: { value: 100 } } }
    route: [{ destination: { host: one } }]
  - match: [{ uri: { exact: /slow/two } }]
    fault: { delay: { fixedDelay: ${DELAY_MS}ms, percentage: { value: 100 } } }
    route: [{ destination: { host: two } }]
  - match: [{ uri: { exact: /slow/abort } }]
    fault:
      delay: { fixedDelay: ${DELAY_MS}ms, percentage: { value: 100 } }
      abort: { httpStatus: 503, percentage: { value: 100 } }
    route: [{ destination: { host: one } }]
  - match: [{ uri: { exact: /redirect } }]
    redirect: { uri: /elsewhere }
  - match: [{ uri: { exact: /response } }]
    directResponse: { status: 403, body: { string: no entry } }
  - match: [{ uri: { exact: /abort } }]
    fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }
    route: [{ destination: { host: one } }]
  - match: [{ uri: { exact: /retried } }]
    retries: { attempts: 2, retryOn: 5xx }
    route: [{ destination: { host: one } }]
  - match: [{ uri: { exact: /mirrored } }]
    route: [{ destination: { host: one } }]
    mirror: { host: two }
  - match: [{ uri: { exact: /two } }]
    route: [{ destination: { host: two } }]
  - route: [{ destination: { host: one } }]
`;

const world = useOneAndTwo(RULES);

/** Bytes that show when any of them is lost, doubled or out of order. */
function bytesOf(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i + 4 <= size; i += 4) {
    bytes.writeUInt32LE((i * 2654435761) >>> 0, i);
  }
  return bytes;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly elapsedMs: number;
}

type Send = (port: number, path: string, body: Buffer) => Promise<Answer>;

const byHttp1 = (headers: http.OutgoingHttpHeaders): Send => {
  return (port, path, body) =>
    new Promise((resolve, reject) => {
      const start = performance.now();
      const request = http.request({ port, path, method: "POST", headers: { host: "one", ...headers } });
      request.on("error", reject);
      request.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode!, body: text, elapsedMs: performance.now() - start }),
        );
      });
      for (let i = 0; i < body.length; i += 50_000) {
        request.write(body.subarray(i, i + 50_000));
      }
      request.end();
    });
};

const byHttp2: Send = (port, path, body) =>
  new Promise((resolve, reject) => {
    const start = performance.now();
    const session = http2.connect(`http://127.0.0.1:${port}`);
    session.on("error", reject);
    const stream = session.request({ ":method": "POST", ":path": path, ":authority": "one" });
    let status = 0;
    let text = "";
    stream.on("response", (fields) => {
      status = Number(fields[":status"]);
    });
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    stream.on("error", reject);
    stream.on("end", () => {
      session.close();
      resolve({ status, body: text, elapsedMs: performance.now() - start });
    });
    stream.end(body);
  });

const WAYS: readonly (readonly [string, (size: number) => Send])[] = [
  ["with content-length", (size) => byHttp1({ "content-length": size })],
  ["in chunks", () => byHttp1({ "transfer-encoding": "chunked" })],
  ["over HTTP/2", () => byHttp2],
];

describe.each(SIDES)("target %s", (side) => {
  const port = () => world.proxy.ports[side];

  describe.each(WAYS)("a body sent %s", (_, way) => {
    test.each([100_000, BUFFER_BYTES + 1, 5 * BUFFER_BYTES])(
      "%d bytes are whole at the upstream after the delay",
      async (size) => {
        const body = bytesOf(size);
        const through = async (path: string, upstream: ProtocolUpstream) => {
          const start = performance.now();
          const answer = await way(size)(port(), path, body);
          expect(answer.status).toBe(200);
          expect(upstream.received).toMatchObject([{ bytes: size, sha256: sha256(body), state: "whole" }]);
          expect(upstream.received[0]!.at - start).toBeGreaterThan(LEAST_MS);
        };
        await Promise.all([through("/slow/one", world.one), through("/slow/two", world.two)]);
      },
    );

    test("is not in the way of an answer by the proxy", async () => {
      const body = bytesOf(100_000);
      const send = way(body.length);
      expect(await send(port(), "/abort", body)).toMatchObject({ status: 503, body: "fault filter abort" });
      const aborted = await send(port(), "/slow/abort", body);
      expect(aborted).toMatchObject({ status: 503, body: "fault filter abort" });
      expect(aborted.elapsedMs).toBeGreaterThan(LEAST_MS);
      expect(await send(port(), "/redirect", body)).toMatchObject({ status: 301 });
      expect(await send(port(), "/response", body)).toMatchObject({ status: 403, body: "no entry" });
      expect(world.one.received).toEqual([]);
    });

    test("is the same in each try, and at a mirror", async () => {
      const body = bytesOf(50_000);
      const wanted = { bytes: body.length, sha256: sha256(body), state: "whole" };
      const headers = { "x-answer-status": "503", "content-length": body.length };
      expect((await byHttp1(headers)(port(), "/retried", body)).status).toBe(503);
      expect(world.one.received).toMatchObject([wanted, wanted, wanted]);
      world.one.reset();
      expect((await way(body.length)(port(), "/mirrored", body)).status).toBe(200);
      await expect.poll(() => world.two.received).toMatchObject([wanted]);
      expect(world.one.received).toMatchObject([wanted]);
    });
  });

  test("of a body that is larger than the buffer, no more is taken than that while the request waits", async () => {
    const size = 64 << 20;
    const piece = bytesOf(1 << 16);
    /** How much had been sent when the request went on. */
    const sentInDelay = async () => {
      world.one.reset();
      const socket = net.connect(port(), "127.0.0.1");
      await new Promise((resolve) => socket.once("connect", resolve));
      socket.write(`POST /slow/one HTTP/1.1\r\nhost: one\r\ncontent-length: ${size}\r\n\r\n`);
      let sent = 0;
      let inDelay = -1;
      const start = performance.now();
      const answered = new Promise<string>((resolve) =>
        socket.once("data", (data) => resolve(data.toString())),
      );
      while (!socket.destroyed && sent < size) {
        if (inDelay < 0 && world.one.received.length > 0) {
          inDelay = sent;
        }
        sent += piece.length;
        if (!socket.write(piece)) {
          await new Promise((resolve) => socket.once("drain", resolve));
        }
      }
      expect(await answered).toMatch(/^HTTP\/1.1 200/);
      socket.destroy();
      expect(performance.now() - start).toBeGreaterThan(LEAST_MS);
      expect(world.one.received).toMatchObject([{ bytes: size, state: "whole" }]);
      return inDelay;
    };
    let most = 0;
    // On a busy machine the delay may be over before so much was sent.
    await expect
      .poll(async () => {
        const sent = await sentInDelay();
        most = Math.max(most, sent);
        return sent;
      })
      .toBeGreaterThanOrEqual(BUFFER_BYTES);
    // Besides Envoy's buffer, those of the two sockets and of Node are in between.
    expect(most).toBeLessThan(size / 2);
  });

  test("one that is still being sent when the delay is over", async () => {
    const body = bytesOf(4 << 20);
    const piece = 1000;
    let sent = 0;
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = http.request(
        { port: port(), path: "/slow/one", method: "POST", headers: { host: "one" } },
        resolve,
      );
      request.on("error", reject);
      void (async () => {
        // Five pieces more than the upstream needs to have some of them.
        for (let after = 0; after < 5 && sent < body.length; sent += piece) {
          request.write(body.subarray(sent, sent + piece));
          await sleep(30);
          after += (world.one.received[0]?.bytes ?? 0) > piece ? 1 : 0;
        }
        expect(world.one.received).toMatchObject([{ state: "arriving" }]);
        request.end();
      })().catch(reject);
    });
    expect((await answered).statusCode).toBe(200);
    const whole = body.subarray(0, sent);
    expect(world.one.received).toMatchObject([{ bytes: sent, sha256: sha256(whole), state: "whole" }]);
  });

  test("one whose client first asks whether it may send it", async () => {
    const start = performance.now();
    const body = bytesOf(3000);
    let askedMs = -1;
    const status = await new Promise<number>((resolve, reject) => {
      const request = http.request({
        port: port(),
        path: "/slow/one",
        method: "POST",
        headers: { host: "one", expect: "100-continue", "content-length": body.length },
      });
      request.on("continue", () => {
        askedMs = performance.now() - start;
        request.end(body);
      });
      request.on("response", (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      request.on("error", reject);
    });
    expect(status).toBe(200);
    // It is the upstream that says so, and it is not asked before.
    expect(askedMs).toBeGreaterThan(LEAST_MS);
    expect(world.one.received).toMatchObject([{ sha256: sha256(body) }]);
  });

  test("a body that ends too early reaches no upstream as a whole one", async () => {
    const socket = net.connect(port(), "127.0.0.1");
    socket.on("error", () => {});
    socket.write("POST /one HTTP/1.1\r\nhost: one\r\ncontent-length: 1000\r\n\r\nonly this");
    await expect.poll(() => world.one.received).toMatchObject([{ bytes: 9, state: "arriving" }]);
    socket.end();
    await expect.poll(() => world.one.received).toMatchObject([{ bytes: 9, state: "cut" }]);
    expect((await ask(port(), { path: "/one", host: "one" })).status).toBe(200);
  });
});
