/** Faults in the upstream's place: between the two routers every protocol stays what it was. */

import http2 from "node:http2";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ask } from "../harness/client.ts";
import { SIDES } from "./both-targets.ts";
import { useOneAndTwo } from "./one-and-two.ts";
import { sha256 } from "./upstreams.ts";
import { whileTheyWait } from "./while-they-wait.ts";

const DELAY_MS = 200;
/** Envoy's timers count whole milliseconds. */
const LEAST_MS = DELAY_MS - 11;

const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: one, namespace: shop, annotations: { sluice.dev/fault-scope: upstream } }
spec:
  hosts: [one]
  http:
  - match: [{ uri: { prefix: /abort } }]
    fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }
    route: [{ destination: { host: one } }]
  - match: [{ uri: { prefix: /two } }]
    fault: { delay: { fixedDelay: ${DELAY_MS}ms, percentage: { value: 100 } } }
    route: [{ destination: { host: two } }]
  - fault: { delay: { fixedDelay: ${DELAY_MS}ms, percentage: { value: 100 } } }
    route: [{ destination: { host: one } }]
`;

const world = useOneAndTwo(RULES);

describe.each(SIDES)("target %s", (side) => {
  const port = () => world.proxy.ports[side];

  test("a WebSocket", async () => {
    const start = performance.now();
    const socket = new WebSocket(`ws://127.0.0.1:${port()}/room`, { headers: { host: "one" } });
    const name = await new Promise<string>((resolve, reject) => {
      socket.once("message", (data) => resolve(data.toString()));
      socket.once("error", reject);
    });
    expect(name).toBe("one");
    expect(performance.now() - start).toBeGreaterThan(LEAST_MS);
    const message = Buffer.alloc(1 << 20, "abc");
    const echoed = new Promise<Buffer>((resolve) =>
      socket.once("message", (data) => resolve(data as Buffer)),
    );
    socket.send(message);
    expect((await echoed).equals(message)).toBe(true);
    socket.close();

    const refused = new WebSocket(`ws://127.0.0.1:${port()}/abort`, { headers: { host: "one" } });
    refused.on("error", () => {});
    const status = await new Promise<number | undefined>((resolve) => {
      refused.once("unexpected-response", (request, response) => {
        request.destroy();
        resolve(response.statusCode);
      });
    });
    expect(status).toBe(503);
  });

  test("a body that is larger than any buffer", async () => {
    const body = Buffer.alloc(5 << 20, "0123456789");
    const answer = await ask(port(), { method: "POST", path: "/", host: "one", body });
    expect(answer.status).toBe(200);
    expect(answer.elapsedMs).toBeGreaterThan(LEAST_MS);
    expect(world.one.received).toMatchObject([{ bytes: body.length, sha256: sha256(body), state: "whole" }]);
  });

  test("trailers both ways", async () => {
    const session = http2.connect(`http://127.0.0.1:${port()}`);
    const request = session.request(
      { ":method": "POST", ":path": "/two", ":authority": "one" },
      { waitForTrailers: true },
    );
    request.on("wantTrailers", () => request.sendTrailers({ "x-check": "sum" }));
    const trailers = new Promise<http2.IncomingHttpHeaders>((resolve, reject) => {
      request.on("trailers", resolve);
      request.on("error", reject);
    });
    request.resume();
    request.end("body");
    expect((await trailers)["x-end"]).toBe("of two");
    session.close();
    expect(world.two.received).toMatchObject([{ bytes: 4, trailers: { "x-check": "sum" } }]);
  });

  test("a client that leaves during the delay", async () => {
    const active = () => world.proxy.stat(side, "downstream_rq_active");
    await whileTheyWait(DELAY_MS, async (isLate) => {
      await expect.poll(active).toBe(0);
      world.one.reset();
      const session = http2.connect(`http://127.0.0.1:${port()}`);
      session.on("error", () => {});
      for (let i = 0; i < 50; i++) {
        session.request({ ":authority": "one" }).on("error", () => {});
      }
      await expect.poll(async () => isLate() || (await active()) === 50).toBe(true);
      session.destroy();
      await expect.poll(active, { interval: 10 }).toBe(0);
    });
    expect((await ask(port(), { path: "/", host: "one" })).status).toBe(200);
    expect(world.one.received.length).toBe(1);
  });
});
