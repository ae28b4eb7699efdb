/** Which endpoint is next, and how much a new one gets. */

import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { binomialBound } from "../../../compiler/binomial.ts";
import { Mesh } from "../../harness/mesh.ts";
import { answeredBy, apply, destinationRule, type Endpoint, get, HOST, service, share } from "./mesh.ts";

// Clusters are the same for both targets.
let mesh: Mesh;

beforeAll(async () => {
  mesh = await Mesh.create({ target: "wasm" });
});

afterAll(async () => {
  await mesh?.close();
});

const balanced = (endpoints: readonly (number | Endpoint)[], loadBalancer: object) =>
  apply(mesh, [service(endpoints), destinationRule({ trafficPolicy: { loadBalancer } })]);

async function sequence(port: number, count: number): Promise<number[]> {
  const answers: number[] = [];
  for (let i = 0; i < count; i++) {
    answers.push(answeredBy(await get(port)));
  }
  return answers;
}

test("ROUND_ROBIN takes turns", async () => {
  const port = await balanced([61, 62], { simple: "ROUND_ROBIN" });
  const answers = await sequence(port, 20);
  expect(answers.every((last, index) => index === 0 || last !== answers[index - 1])).toBe(true);
});

test("endpoints get shares by weight", async () => {
  const port = await balanced([{ last: 61, weight: 3 }, 62], { simple: "ROUND_ROBIN" });
  const shares = await share(port, 40);
  expect(Math.abs(shares.get(61)! - 30)).toBeLessThanOrEqual(2);
});

test("RANDOM does not take turns", async () => {
  const port = await balanced([61, 62], { simple: "RANDOM" });
  const answers = await sequence(port, 60);
  expect(new Set(answers)).toEqual(new Set([61, 62]));
  expect(answers.some((last, index) => last === answers[index - 1])).toBe(true);
});

test.each([
  ["LEAST_REQUEST", { simple: "LEAST_REQUEST" }, [61, 62]],
  ["what is done where nothing is said", {}, [65, 66]],
])("%s spares an endpoint that is busy", async (_name, loadBalancer, endpoints) => {
  const port = await balanced(endpoints, loadBalancer);
  // It is busy for as long as this takes.
  const held = get(port, { headers: { "x-echo-hold": "1" } });
  await expect.poll(() => mesh.upstream.requests).toHaveLength(1);
  const busy = Number(/\.(\d+):/.exec(mesh.upstream.requests[0]!.endpoint)![1]);
  const shares = await share(port, 400);
  // Of two drawn at random it is taken only when it is both: a quarter. Taking turns would give it half.
  expect(shares.get(busy) ?? 0).toBeLessThanOrEqual(binomialBound(400, 1 / 4).most);
  mesh.upstream.release();
  expect((await held).status).toBe(200);
});

const WARM_UP_MS = 8_000;

test("warmup: a new endpoint gets little at first, and its share in the end", async () => {
  const loadBalancer = {
    simple: "ROUND_ROBIN",
    warmup: { duration: `${WARM_UP_MS / 1000}s`, minimumPercent: 5 },
  };
  await balanced([61, 62], loadBalancer);
  await sleep(WARM_UP_MS + 200);
  const start = performance.now();
  const port = await balanced([61, 62, 63], loadBalancer);
  const early = (await share(port, 60)).get(63) ?? 0;
  // By then it has at most so much of its weight, and turns that are left over; a busy machine may need most of its time.
  const weight = Math.min(1, (performance.now() - start) / WARM_UP_MS + 0.1);
  expect(early).toBeLessThanOrEqual((60 * weight) / (2 + weight) + 5);
  // Once it is warm turns are equal: a third, and no luck in it. A slow machine is given its time.
  await expect
    .poll(async () => (await share(port, 60)).get(63), { interval: 250 })
    .toBeGreaterThanOrEqual(18);
});

/** What comes before the request, up to the client's port. */
const V1 = Buffer.from("PROXY TCP4 127.0.0.1 127.0.0.1 ").toString("hex");
/** Signature, version 2 and "proxied", TCP over IPv4, 12 bytes, the two addresses. */
const V2 = `${Buffer.from("\r\n\r\n\0\r\nQUIT\n").toString("hex")}2111000c7f0000017f000001`;

test.each([
  ["V1", V1],
  ["V2", V2],
])("proxyProtocol %s tells the endpoint who the client is", async (version, expected) => {
  let received = "";
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.setEncoding("latin1").on("data", (text: string) => {
      received += text;
      if (received.endsWith("\r\n\r\n")) {
        socket.end("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const port = await apply(mesh, [
      service([])
        .replace("[]", JSON.stringify([{ address: "127.0.0.1" }]))
        .replace('"targetPort":18080', `"targetPort":${(server.address() as net.AddressInfo).port}`),
      destinationRule({ host: HOST, trafficPolicy: { proxyProtocol: { version } } }),
    ]);
    expect((await get(port)).status).toBe(204);
    expect(Buffer.from(received, "latin1").toString("hex").startsWith(expected), received).toBe(true);
  } finally {
    server.close();
  }
});
