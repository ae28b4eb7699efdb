/** Requests that are too large, too many, or left alone: what a case file cannot say. */

import http2 from "node:http2";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WORLD } from "../conformance/format.ts";
import { ask, askHttp2, formatRequest } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";
import { TARGETS } from "../harness/targets.ts";
import { whileTheyWait } from "./while-they-wait.ts";

const DELAY_MS = 400;
/** Many times what such a request takes. One whose time grows with more than its length would take minutes. */
const LONG_MS = 10_000;

const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: shop }
spec:
  hosts: [reviews]
  http:
  - match: [{ uri: { exact: /slow } }]
    fault: { delay: { fixedDelay: ${DELAY_MS}ms, percentage: { value: 100 } } }
    route: [{ destination: { host: reviews, subset: v1 } }]
  - match: [{ queryParams: { last: { exact: "1" } } }]
    route: [{ destination: { host: reviews, subset: v2 } }]
  - match: [{ headers: { x-long: { regex: "(a|aa)+b" } } }]
    route: [{ destination: { host: reviews, subset: v3 } }]
  - route: [{ destination: { host: ratings } }]
`;

describe.each(TARGETS)("target %s", (target) => {
  let mesh: Mesh;
  let port: number;

  beforeAll(async () => {
    mesh = await Mesh.create({ target });
    const { ports } = await mesh.apply([WORLD, RULES], { proxy: { proxyNamespace: "shop" } });
    port = ports.get("mesh")!;
  });

  afterAll(async () => {
    // Whatever was sent, Envoy lives, serves, and had nothing to complain about.
    expect((await ask(port, { path: "/", host: "reviews" })).status).toBe(200);
    expect(mesh.envoy.log.filter((line) => /critical|wasm|trap/i.test(line))).toEqual([]);
    await mesh.close();
  });

  test("10,000 query parameters", async () => {
    const query = Array.from({ length: 10_000 }, (_, i) => `p${i}`).join("&");
    for (const path of [`/?last=1&${query}`, `/?${query}&last=1`]) {
      const { status, body, elapsedMs } = await ask(port, { path, host: "reviews" });
      expect(status).toBe(200);
      expect(mesh.clustersOf(JSON.parse(body).endpoint)).toContain(
        "outbound|80|v2|reviews.shop.svc.cluster.local",
      );
      expect(elapsedMs).toBeLessThan(LONG_MS);
    }
  });

  test("a header of 64 KiB, and the longest that Envoy takes", async () => {
    const tooLong = await ask(port, {
      path: "/",
      host: "reviews",
      headers: { "x-long": "a".repeat(65_536) },
    });
    expect(tooLong.status).toBe(431);
    for (const [value, cluster] of [
      [`${"a".repeat(55_000)}b`, "outbound|80|v3|reviews.shop.svc.cluster.local"],
      ["a".repeat(55_000), "outbound|80||ratings.shop.svc.cluster.local"],
    ] as const) {
      const { status, body, elapsedMs } = await ask(port, {
        path: "/",
        host: "reviews",
        headers: { "x-long": value },
      });
      expect(status).toBe(200);
      expect(mesh.clustersOf(JSON.parse(body).endpoint)).toContain(cluster);
      expect(elapsedMs).toBeLessThan(LONG_MS);
    }
  });

  test("the same over HTTP/2: a stream that is refused leaves its connection alone", async () => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const send = (path: string, headers: Readonly<Record<string, string>> = {}) =>
      new Promise<string>((resolve) => {
        const stream = session.request({ ":path": path, ":authority": "reviews", ...headers });
        let body = "";
        stream.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        stream.on("error", (error) => resolve(error.message));
        stream.on("end", () => resolve(mesh.clustersOf(JSON.parse(body).endpoint)[0] ?? ""));
      });
    const query = Array.from({ length: 10_000 }, (_, i) => `p${i}`).join("&");
    const answers = await Promise.all([
      send("/"),
      send("/", { "x-long": "a".repeat(65_536) }),
      send(`/?${query}&last=1`),
      send("/", { "x-long": `${"a".repeat(50_000)}b` }),
    ]);
    session.close();
    expect(answers[1]).toContain("REFUSED_STREAM");
    expect(answers.map((cluster) => cluster.split("|").slice(2).join("|"))).toEqual([
      "|ratings.shop.svc.cluster.local",
      "",
      "v2|reviews.shop.svc.cluster.local",
      "v3|reviews.shop.svc.cluster.local",
    ]);
  });

  test("as many headers as Envoy takes", async () => {
    const headers = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`x-header-${i}`, `value ${i}`]));
    const { status, body } = await ask(port, { path: "/?last=1", host: "reviews", headers });
    expect(status).toBe(200);
    expect(JSON.parse(body).headers).toMatchObject(headers);
  });

  test("a long host, and hosts that are no names", async () => {
    for (const host of [
      "a".repeat(10_000),
      "reviews:",
      "reviews:80:80",
      ":80",
      "*",
      "re views",
      "[",
      "..",
      "é",
    ]) {
      const { status } = await ask(port, { path: "/", host });
      // 503: nobody is where an unknown name says.
      expect([200, 400, 503], `${JSON.stringify(host.slice(0, 20))} got ${status}`).toContain(status);
    }
    expect((await askHttp2(port, { path: "/", host: "reviews" })).status).toBe(200);
  });

  test("clients that leave while their requests are delayed leave nothing behind", async () => {
    await whileTheyWait(DELAY_MS, async (isLate) => {
      await expect.poll(active).toBe(0);
      mesh.upstream.reset();
      const sockets = await Promise.all(
        Array.from({ length: 50 }, async () => {
          const socket = net.connect(port, "127.0.0.1");
          socket.on("error", () => {});
          await new Promise((resolve) => socket.once("connect", resolve));
          socket.write(formatRequest({ path: "/slow", host: "reviews" }));
          return socket;
        }),
      );
      await expect.poll(async () => isLate() || (await active()) === 50).toBe(true);
      for (const socket of sockets) {
        socket.destroy();
      }
      await expect.poll(active, { interval: 10 }).toBe(0);
    });
    // Past the time at which they would have gone on.
    await sleep(DELAY_MS + 200);
    expect(mesh.upstream.requests).toEqual([]);
    const { status, elapsedMs } = await ask(port, { path: "/slow", host: "reviews" });
    expect(status).toBe(200);
    // Envoy's timers count whole milliseconds of its own clock.
    expect(elapsedMs).toBeGreaterThan(DELAY_MS - 11);
  });

  async function active(): Promise<number | undefined> {
    return (await mesh.envoy.admin.stats("^http\\.mesh\\.downstream_rq_active$")).get(
      "http.mesh.downstream_rq_active",
    );
  }
});
