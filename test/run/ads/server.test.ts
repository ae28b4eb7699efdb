/** The server of streams, asked by a client of gRPC as anybody may write one, and by those who speak something else. */

import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import { afterEach, expect, test } from "vitest";
import { adsCodec } from "../../../compiler/run/ads/codec.ts";
import { type Greeting, greet } from "../../../compiler/run/ads/greeting.ts";
import {
  type AdsServer,
  type AdsServerOptions,
  type AdsStream,
  startAdsServer,
} from "../../../compiler/run/ads/server.ts";
import { Authority } from "../../harness/authority.ts";
import { createWire } from "../../harness/fleet/wire.ts";

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const HOST = "127.61.0.1";
const asIs = (bytes: Buffer) => bytes;

const close: (() => void)[] = [];

afterEach(() => {
  for (const one of close.splice(0).reverse()) {
    one();
  }
});

interface Served {
  readonly server: AdsServer;
  readonly streams: AdsStream[];
  /** What was said of clients. */
  readonly said: string[];
}

async function serve(options: Partial<AdsServerOptions> = {}): Promise<Served> {
  const streams: AdsStream[] = [];
  const said: string[] = [];
  const server = await startAdsServer({
    listen: `${HOST}:0`,
    onStream: (stream) => streams.push(stream),
    onProblem: (line) => said.push(line),
    ...options,
  });
  close.push(() => server.close());
  return { server, streams, said };
}

interface Opened {
  readonly call: ClientDuplexStream<Buffer, Buffer>;
  readonly ended: Promise<StatusObject>;
}

interface Ways {
  readonly secure?: ChannelCredentials;
  readonly token?: string;
}

/** A stream on a connection of its own. */
function open(port: number, { secure, token }: Ways = {}): Opened {
  const client = new Client(`${HOST}:${port}`, secure ?? credentials.createInsecure(), {
    "grpc.ssl_target_name_override": "server.example",
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_receive_message_length": -1,
  });
  close.push(() => client.close());
  const metadata = new Metadata();
  if (token !== undefined) {
    metadata.set("authorization", `Bearer ${token}`);
  }
  const call = client.makeBidiStreamRequest(METHOD, asIs, asIs, metadata);
  call.on("error", () => {});
  call.resume();
  return { call, ended: new Promise((resolve) => call.on("status", resolve)) };
}

/** What somebody is answered who connects and says this. */
function say(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, HOST, () => socket.write(text));
    let answer = "";
    socket.on("data", (bytes) => {
      answer += bytes;
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

/** `node { id: … }`, by hand. */
const hello = (id: string) =>
  Buffer.concat([Buffer.of(0x0a, id.length + 2, 0x0a, id.length), Buffer.from(id)]);

test("who is at the other end is known as far as its connection proves it", async () => {
  const authority = await Authority.create("an authority");
  const [own, client] = await Promise.all(
    ["server.example", "p7.example"].map((name) => authority.issue({ names: [name] })),
  );
  const bytes = (text: string) => Buffer.from(text);
  const { server, streams } = await serve({
    tls: {
      key: bytes(own!.key),
      certificate: bytes(own!.certificate),
      clientCa: bytes(authority.certificate),
    },
  });
  const secure = credentials.createSsl(
    bytes(authority.certificate),
    bytes(client!.key),
    bytes(client!.certificate),
  );
  open(server.port, { secure, token: "t0ken" });
  await expect.poll(() => streams).toHaveLength(1);
  const [{ peer }] = streams as [AdsStream];
  expect(peer.certificate?.subjectAltName).toBe("DNS:p7.example");
  expect(peer.token).toBe("t0ken");
  expect(peer.address).toMatch(/^127\.\d+\.\d+\.\d+:\d+$/);

  const stranger = open(server.port, { secure: credentials.createSsl(bytes(authority.certificate)) });
  expect((await stranger.ended).code).toBe(status.UNAVAILABLE);
  expect(streams).toHaveLength(1);
});

test("one more than there may be is told so, and may come when another one has left", async () => {
  const { server, streams, said } = await serve({ mostStreams: 2 });
  const [first] = [open(server.port), open(server.port)];
  await expect.poll(() => streams).toHaveLength(2);
  const late = open(server.port);
  expect(await late.ended).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    details: expect.stringContaining("2 streams"),
  });
  expect(said).toHaveLength(1);
  expect(server.streams).toBe(2);
  for (const stream of streams) {
    stream.onMessage(() => {});
  }
  first.call.end();
  await first.ended;
  await expect.poll(() => server.streams).toBe(1);
  open(server.port);
  await expect.poll(() => streams).toHaveLength(3);
});

test("who speaks something else is told what this is, and who says nothing is let go", async () => {
  const { server, said } = await serve();
  expect(await say(server.port, "GET / HTTP/1.1\r\nhost: a\r\n\r\n")).toContain("505");
  await say(server.port, "\x16\x03\x01 as TLS begins");
  expect(said).toEqual([
    expect.stringMatching(/does not speak gRPC in plain text: it begins with "GET \/ HTTP/),
    expect.stringMatching(/does not speak gRPC in plain text: it begins with TLS/),
  ]);
  const { call } = open(server.port);
  call.write(hello("p1"));
  await expect.poll(() => server.streams).toBe(1);
});

test("a message that is too large ends its stream; the others are served on", async () => {
  const { server, streams } = await serve();
  const good = open(server.port);
  const bad = open(server.port);
  await expect.poll(() => streams).toHaveLength(2);
  const received: Uint8Array[] = [];
  for (const stream of streams) {
    stream.onMessage((bytes) => received.push(bytes));
  }
  bad.call.write(Buffer.alloc((16 << 20) + 1));
  expect((await bad.ended).code).toBe(status.RESOURCE_EXHAUSTED);
  await expect.poll(() => server.streams).toBe(1);
  good.call.write(Buffer.from("still here"));
  await expect.poll(() => received.map(String)).toEqual([String(Buffer.from("still here"))]);
});

test("a client that reads nothing is let go when too much waits for it", async () => {
  const { server, streams, said } = await serve();
  const { call } = open(server.port);
  await expect.poll(() => streams).toHaveLength(1);
  call.pause();
  const [stream] = streams as [AdsStream];
  let isOver = false;
  stream.onEnd(() => {
    isOver = true;
  });
  for (let i = 0; i < 20 && !isOver; i++) {
    stream.send(Buffer.alloc(8 << 20));
    await sleep(1);
  }
  expect(isOver).toBe(true);
  expect(said).toEqual([expect.stringMatching(/does not read: \d+ bytes wait for it/)]);
  expect(server.streams).toBe(0);
});

test("who does not say who it is, or nothing that can be read, is told so", async () => {
  const codec = await adsCodec();
  const wire = await createWire();
  const greeted: Greeting[] = [];
  const said: string[] = [];
  // Longer than a busy machine needs, but for the one who says nothing.
  let patienceMs = 30_000;
  const { server } = await serve({
    onStream: (stream) =>
      greet({
        stream,
        codec,
        patienceMs,
        onGreeting: (greeting) => greeted.push(greeting),
        onProblem: (line) => said.push(line),
      }),
  });
  const huge = wire.writeRequest({ node: { id: "p1", metadata: { LABELS: { a: "a".repeat(100_000) } } } });
  const tries: readonly (readonly [string, Buffer | undefined, number])[] = [
    ["no node", Buffer.of(), status.INVALID_ARGUMENT],
    ["a huge node", huge, status.INVALID_ARGUMENT],
    ["half a message", hello("p1").subarray(0, 3), status.INVALID_ARGUMENT],
    ["what is no message", Buffer.from("\xff\xff\xff\xff"), status.INVALID_ARGUMENT],
    ["nothing", undefined, status.DEADLINE_EXCEEDED],
  ];
  for (const [what, bytes, code] of tries) {
    patienceMs = bytes === undefined ? 200 : 30_000;
    const { call, ended } = open(server.port);
    if (bytes !== undefined) {
      call.write(bytes);
    }
    expect((await ended).code, what).toBe(code);
  }
  patienceMs = 30_000;
  const { call: left } = open(server.port);
  await expect.poll(() => server.streams).toBe(1);
  left.cancel();
  await expect.poll(() => said).toHaveLength(tries.length + 1);
  const { call } = open(server.port);
  call.write(hello("p7"));
  await expect.poll(() => greeted).toHaveLength(1);
  expect(greeted[0]!.node.id).toBe("p7");
});
