/** Rules that change while requests of every kind are under way: those go on as they began, new ones obey the new. */

import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ask, type ClientResponse } from "../harness/client.ts";
import { type BothTargets, openBothTargets, SIDES } from "./both-targets.ts";
import { type ProtocolUpstream, sha256, startHttp1Upstream } from "./upstreams.ts";

const DELAY_MS = 600;

/** Those that go to `host` now. */
const rules = (host: string) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: service, namespace: shop }
spec:
  hosts: [service]
  http:
  - match: [{ uri: { exact: /slow } }]
    fault: { delay: { fixedDelay: ${DELAY_MS}ms, percentage: { value: 100 } } }
    route: [{ destination: { host: ${host} } }]
  - match: [{ uri: { prefix: /test.Echo/ } }]
    route: [{ destination: { host: echo } }]
  - route: [{ destination: { host: ${host} } }]
`;

const asIs = (bytes: Buffer) => bytes;
let old: ProtocolUpstream;
let young: ProtocolUpstream;
let server: grpc.Server;
let proxy: BothTargets;

beforeAll(async () => {
  [old, young] = await Promise.all([startHttp1Upstream("old"), startHttp1Upstream("young")]);
  server = new grpc.Server();
  const codec = {
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
  server.addService(
    { stream: { path: "/test.Echo/Stream", requestStream: true, responseStream: true, ...codec } },
    {
      stream(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
        call.on("data", (message: Buffer) => call.write(message));
        call.on("error", () => {});
        call.on("end", () => call.end());
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  proxy = await openBothTargets(
    [
      { name: "service", protocol: "HTTP", port: old.port },
      { name: "old", protocol: "HTTP", port: old.port },
      { name: "young", protocol: "HTTP", port: young.port },
      { name: "echo", protocol: "GRPC", port },
    ],
    rules("old"),
  );
});

afterAll(async () => {
  expect(proxy.complaints()).toEqual([]);
  await proxy.close();
  await Promise.all([old.close(), young.close()]);
  server.forceShutdown();
});

describe.each(SIDES)("target %s", (side) => {
  test("a WebSocket, a stream of gRPC, and bodies that wait outlive ten changes", async () => {
    await proxy.change(rules("old"));
    old.reset();
    young.reset();
    const port = proxy.ports[side];

    const socket = new WebSocket(`ws://127.0.0.1:${port}/room`, { headers: { host: "service" } });
    const hello = await new Promise<string>((resolve, reject) => {
      socket.once("message", (data) => resolve(data.toString()));
      socket.once("error", reject);
    });
    expect(hello).toBe("old");

    const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      "grpc.default_authority": "service",
    });
    const stream = client.makeBidiStreamRequest("/test.Echo/Stream", asIs, asIs, new grpc.Metadata());
    const echoed: string[] = [];
    stream.on("data", (message: Buffer) => echoed.push(message.toString()));
    stream.on("error", () => {});
    const ended = new Promise<grpc.StatusObject>((resolve) => {
      stream.on("status", resolve);
    });
    stream.write(Buffer.from("0"));
    await expect.poll(() => echoed).toEqual(["0"]);

    const begun = await proxy.stat(side, "downstream_rq_total");
    const body = "0123456789abcdef".repeat(20_000);
    const waiting: Promise<ClientResponse>[] = Array.from({ length: 20 }, () =>
      ask(port, { method: "POST", path: "/slow", host: "service", body }),
    );
    // Each is decided as its head arrives.
    await expect.poll(() => proxy.stat(side, "downstream_rq_total")).toBe(begun + 20);

    for (let i = 1; i <= 10; i++) {
      await proxy.change(rules(i % 2 === 1 ? "young" : "old"));
      stream.write(Buffer.from(String(i)));
      socket.send(String(i));
      await sleep(10);
    }
    await proxy.change(rules("young"));
    await expect
      .poll(async () => (await ask(port, { path: "/", host: "service" })).headers["x-service"])
      .toEqual(["young"]);

    const answers = await Promise.all(waiting);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    const through = [...old.received, ...young.received].filter(({ path }) => path === "/slow");
    expect(through.map((one) => one.sha256)).toEqual(
      Array.from({ length: 20 }, () => sha256(Buffer.from(body))),
    );
    // They were decided before anything changed.
    expect(young.received.filter(({ path }) => path === "/slow")).toEqual([]);

    const last = new Promise<string>((resolve) => {
      socket.on("message", (data) => data.toString() === "last" && resolve("last"));
    });
    socket.send("last");
    expect(await last).toBe("last");
    socket.close();
    stream.end();
    expect((await ended).code).toBe(grpc.status.OK);
    expect(echoed).toEqual(Array.from({ length: 11 }, (_, i) => String(i)));
    client.close();
  });
});
