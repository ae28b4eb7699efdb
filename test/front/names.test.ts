/** Names that the proxy resolves itself, and connections to what it says, in a real Envoy. */

import dgram from "node:dgram";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Mesh } from "../harness/mesh.ts";
import { believingProxyProtocol, sayTo } from "./redirected.ts";
import { resource } from "./tls/documents.ts";

const DNS = "127.78.0.1";
/** Somewhere else, for what goes where it was meant for. */
const ELSEWHERE = "127.78.0.2";
const [A, AAAA, TXT] = [1, 28, 16];
const NO_ERROR = 0;
const FORMAT_ERROR = 1;
const NOT_IMPLEMENTED = 4;

let mesh: Mesh;
let dns: string;
/** Answer the first bytes with their name and them. */
const talkers = new Map<string, net.Server>();

beforeAll(async () => {
  for (const [name, address] of [
    ["a", "127.0.0.1"],
    ["b", "127.0.0.1"],
    ["elsewhere", ELSEWHERE],
  ] as const) {
    const server = net.createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (data) => socket.write(`${name}: ${data}`));
    });
    await once(server.listen(0, address), "listening");
    talkers.set(name, server);
  }
  dns = `${DNS}:${await freeUdpPort()}`;
  mesh = await Mesh.create({ target: "wasm", emit: believingProxyProtocol });
});

afterAll(async () => {
  await mesh?.close();
  for (const server of talkers.values()) {
    server.close();
  }
});

async function freeUdpPort(): Promise<number> {
  const socket = dgram.createSocket("udp4");
  socket.bind(0, DNS);
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

const portOf = (name: string) => (talkers.get(name)!.address() as AddressInfo).port;

const entry = (host: string, more: object = {}) =>
  resource("ServiceEntry", host.replace("*", "any"), {
    hosts: [host],
    ports: [{ number: 9000, name: "x", protocol: "TCP" }],
    resolution: "STATIC",
    endpoints: [{ address: "127.0.0.1", ports: { x: portOf(host.startsWith("b") ? "b" : "a") } }],
    ...more,
  });

async function apply(documents: readonly string[], more = {}): Promise<ReadonlyMap<string, number>> {
  const { ports, diagnostics } = await mesh.apply(documents, {
    proxy: { meshPort: 0, meshListeners: true, dns, ...more },
  });
  expect(diagnostics).toEqual([]);
  return ports;
}

interface Answer {
  readonly code: number;
  readonly addresses: readonly string[];
}

function question(name: string, type: number): Buffer {
  const labels = name.split(".").flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  const head = Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, type, 0, 1])]);
}

async function answerTo(message: Buffer): Promise<Buffer> {
  const socket = dgram.createSocket("udp4");
  socket.send(message, Number(dns.split(":")[1]), DNS);
  const [answer] = (await once(socket, "message")) as [Buffer];
  socket.close();
  return answer;
}

async function send(message: Buffer): Promise<Answer> {
  const answer = await answerTo(message);
  const count = answer.readUInt16BE(6);
  const addresses: string[] = [];
  // Behind the question, each record begins with the name as it was asked.
  const nameLength = message.length - 12 - 4;
  let at = message.length;
  for (let i = 0; i < count; i++) {
    at += nameLength + 8;
    const length = answer.readUInt16BE(at);
    const bytes = [...answer.subarray(at + 2, at + 2 + length)];
    addresses.push(length === 4 ? bytes.join(".") : Buffer.from(bytes).toString("hex"));
    at += 2 + length;
  }
  return { code: answer.readUInt8(3) & 15, addresses };
}

const resolve = (name: string, type = A) => send(question(name, type));

/** What comes back for a word on a connection for that address; empty when it is closed. */
const say = (port: number, address: string, meant = 9000) => sayTo({ port, address, meant }, "hello");

test("two TCP hosts on one port: each has an address, by which it is resolved and reached", async () => {
  const port = (await apply([entry("a.example"), entry("b.example")])).get("mesh_9000")!;
  const [a, b] = [await resolve("a.example"), await resolve("b.example")];
  expect([a.code, b.code]).toEqual([NO_ERROR, NO_ERROR]);
  expect(a.addresses).toEqual([expect.stringMatching(/^240\.240\./)]);
  expect(b.addresses).not.toEqual(a.addresses);
  expect(await say(port, a.addresses[0]!)).toBe("a: hello");
  expect(await say(port, b.addresses[0]!)).toBe("b: hello");
  expect(await say(port, "240.240.255.255")).toBe("");
});

test("an address stays while other hosts come and go, and is answered anew where it is another", async () => {
  await apply([entry("a.example")]);
  const before = await resolve("a.example");
  await apply(["b", "c", "d", "e"].map((name) => entry(`${name}.example`)).concat(entry("a.example")));
  expect(await resolve("a.example")).toEqual(before);
  await apply([entry("a.example", { addresses: ["10.1.2.3"] }), entry("b.example")]);
  await expect.poll(async () => (await resolve("a.example")).addresses).toEqual(["10.1.2.3"]);
});

test("services are resolved by the names that they have, with and without a suffix; wildcards stand for names below", async () => {
  const service = JSON.stringify({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "redis", namespace: "default" },
    spec: { clusterIP: "10.96.0.9", ports: [{ port: 6379, name: "tcp" }] },
  });
  await apply([
    service,
    entry("*.wild.example", {
      addresses: ["10.9.8.7", "2001:db8::1"],
      resolution: "NONE",
      endpoints: undefined,
    }),
    entry("one.wild.example", { addresses: ["10.9.8.1"] }),
  ]);
  for (const suffix of ["", ".default", ".default.svc", ".default.svc.cluster.local"]) {
    await expect.poll(() => resolve(`redis${suffix}`)).toEqual({ code: NO_ERROR, addresses: ["10.96.0.9"] });
  }
  expect((await resolve("x.y.wild.example")).addresses).toEqual(["10.9.8.7"]);
  expect((await resolve("one.wild.example")).addresses).toEqual(["10.9.8.1"]);
  expect((await resolve("x.wild.example", AAAA)).addresses).toEqual(["20010db8000000000000000000000001"]);
  // A name that is there must not be denied for IPv6: resolvers would believe it of IPv4, too.
  expect(await resolve("redis", AAAA)).toEqual({
    code: NO_ERROR,
    addresses: [`${"0".repeat(20)}ffff0a600009`],
  });
  expect((await resolve("redis", TXT)).code).toBe(NOT_IMPLEMENTED);
});

test("what is no question is told so, and does no harm", async () => {
  await apply([entry("a.example"), entry("b.example")]);
  const whole = question("a.example", A);
  const broken = [
    Buffer.alloc(0),
    Buffer.alloc(12, 0xff),
    whole.subarray(0, 15),
    // A name that points at itself, and one that is longer than the message.
    Buffer.concat([whole.subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]),
    Buffer.concat([whole.subarray(0, 12), Buffer.from([63, 0x61, 0, 0, 1, 0, 1])]),
    Buffer.alloc(1400, 0x61),
  ];
  for (const message of broken) {
    const answer = await answerTo(message);
    expect(answer.readUInt8(3) & 15).toBe(FORMAT_ERROR);
  }
  expect((await resolve("a.example")).code).toBe(NO_ERROR);
});

test("with resolution NONE and addresses, a connection goes to the address that it was meant for", async () => {
  const none = entry("none.example", {
    resolution: "NONE",
    endpoints: undefined,
    addresses: [`${ELSEWHERE}/32`],
    ports: [{ number: portOf("elsewhere"), name: "x", protocol: "TCP" }],
  });
  const ports = await apply([none], { dns: "" });
  const port = ports.get(`mesh_${portOf("elsewhere")}`)!;
  expect(await say(port, ELSEWHERE, portOf("elsewhere"))).toBe("elsewhere: hello");
  // Of the service, there is that port alone.
  expect(await say(port, ELSEWHERE, port)).toBe("elsewhere: hello");
  expect(await say(port, "127.0.0.1", port)).toBe("");
});
