/**
 * Clients that are no proxies, beside Envoys under load: other protocols, damaged messages, huge nodes, thousands of streams that
 * say nothing and read nothing. Everybody else is served on, and changes arrive in time.
 */

import { readFile } from "node:fs/promises";
import http2 from "node:http2";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../harness/ports.ts";
import { ChangingFleet, takenByAll } from "./changing-fleet.ts";

const STREAMS = 2_000;
const SILENT_CONNECTIONS = 200;
const ADS = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const MiB = 1024 * 1024;
/** What a server may take, with all of them at once. */
const MOST_MEMORY = 700 * MiB;

let fleet: ChangingFleet;
beforeEach(async () => {
  fleet = await ChangingFleet.create();
});
afterEach(() => fleet.close());

/** A field of Protobuf that has a length. */
function field(number: number, content: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = content.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) {
      break;
    }
  }
  return Buffer.concat([Buffer.of((number << 3) | 2), Buffer.from(length), content]);
}

/** A message of gRPC, which says how long it is. */
function framed(message: Buffer, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

const node = (id: string) => field(1, field(1, Buffer.from(id)));
const CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster";

/** What is written to a bare connection. */
const BARE: readonly (readonly [what: string, bytes: Buffer])[] = [
  ["HTTP/1.1", Buffer.from("GET / HTTP/1.1\r\nhost: a.example\r\n\r\n")],
  ["a hello of TLS", Buffer.from("16030100c8010000c40303", "hex")],
  ["noise", Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) & 255))],
  ["HTTP/2 that breaks off", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u00124")],
];

/** What is written to a stream of gRPC. */
const STREAMED: readonly (readonly [what: string, path: string, bytes: Buffer])[] = [
  ["another service", "/envoy.service.cluster.v3.ClusterDiscoveryService/StreamClusters", framed(node("a"))],
  ["no message of Protobuf", ADS, framed(Buffer.alloc(64, 0xff))],
  ["no node", ADS, framed(field(2, Buffer.from(CLUSTERS)))],
  ["a node without a name", ADS, framed(node(""))],
  ["a huge name", ADS, framed(node("x".repeat(3 * MiB)))],
  ["a message that is too large", ADS, framed(node("x".repeat(17 * MiB)))],
  ["a length of 4 GB", ADS, framed(Buffer.alloc(16), 0xffffffff)],
];

test("clients that are no proxies disturb nobody", { timeout: 600_000 }, async () => {
  const port = await freePort();
  const run = await fleet.serve(port, ["--now"]);
  const all = await fleet.envoys(4, `127.0.0.1:${port}`);
  const known = new Set<string>();
  await takenByAll(run, all, 0, known);

  let refused = 0;
  for (const [, bytes] of BARE) {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(bytes);
    fleet.closeBefore(() => socket.destroy());
  }
  for (let i = 0; i < SILENT_CONNECTIONS; i++) {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => {});
    fleet.closeBefore(() => socket.destroy());
  }
  const open = () => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    fleet.closeBefore(() => session.destroy());
    return session;
  };
  const stream = (session: http2.ClientHttp2Session, path: string) => {
    const opened = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    opened.on("error", () => {});
    return opened;
  };
  const answers = STREAMED.map(async ([what, path, bytes]) => {
    const opened = stream(open(), path);
    const status = new Promise<string>((resolve) => {
      const tell = (headers: http2.IncomingHttpHeaders) => {
        if (headers["grpc-status"] !== undefined) {
          refused += 1;
          resolve(String(headers["grpc-status"]));
        }
      };
      opened.on("response", tell);
      opened.on("trailers", tell);
      opened.on("close", () => resolve("closed"));
    });
    opened.resume();
    opened.write(bytes);
    return `${what}: ${await Promise.race([status, sleep(60_000, "no answer", { ref: false })])}`;
  });
  const sessions = Array.from({ length: 20 }, open);
  for (let i = 0; i < STREAMS; i++) {
    // Never read.
    stream(sessions[i % sessions.length]!, ADS).pause();
  }

  const times: number[] = [];
  for (let generation = 1; generation <= 3; generation++) {
    await fleet.offer(generation);
    times.push(await takenByAll(run, all, generation, known));
  }
  const said = await Promise.all(answers);
  expect(said.filter((line) => / (0|no answer)$/.test(line))).toEqual([]);
  expect(refused).toBeGreaterThan(0);
  await expect.poll(() => all.envoys.map(({ newest }) => newest)).toEqual(all.envoys.map(() => 3));
  expect(all.wrong).toEqual([]);
  const resident =
    Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${run.pid}/status`, "utf8"))?.[1]) * 1024;
  expect(resident).toBeLessThan(MOST_MEMORY);
  // It says whom it sent away, and a stranger's bytes are not repeated at length.
  const lines = run.events.flatMap(({ event, message = "" }) => (event === "problem" ? [message] : []));
  expect(lines.length).toBeGreaterThan(0);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(500);
  console.log(
    `beside ${STREAMS} silent streams and ${BARE.length + STREAMED.length} kinds of others: ${all.asked} requests, none lost; changes at ` +
      `all Envoys after ${Math.max(...times)} ms at most, the server has ${Math.round(resident / MiB)} MiB\n${said.join("\n")}\n${lines.slice(0, 8).join("\n")}`,
  );
});

test("a type that nobody serves is said once, and the others are served", { timeout: 60_000 }, async () => {
  const port = await freePort();
  const run = await fleet.serve(port, ["--now"]);
  const session = http2.connect(`http://127.0.0.1:${port}`);
  fleet.closeBefore(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": ADS,
    "content-type": "application/grpc",
    te: "trailers",
  });
  let received = Buffer.alloc(0);
  const served = new Promise<void>((resolve) => {
    stream.on("data", (data: Buffer) => {
      received = Buffer.concat([received, data]);
      if (received.includes(CLUSTERS)) {
        resolve();
      }
    });
  });
  const asksFor = (type: string) => field(2, Buffer.from(type));
  const unknown = "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration";
  for (const type of [unknown, unknown, CLUSTERS]) {
    stream.write(framed(Buffer.concat([node("edge"), asksFor(type)])));
  }
  await served;
  const said = () => run.events.filter(({ message }) => message?.includes(unknown));
  await run.when(() => (said().length > 0 ? true : undefined), "what is not served");
  expect(said().length).toBe(1);
});
