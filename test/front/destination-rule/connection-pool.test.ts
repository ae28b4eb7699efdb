/** `connectionPool` and `retryBudget`: what a slow or silent service can use up, and what a client then gets. */

import { readFile } from "node:fs/promises";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { askHttp2 } from "../../harness/client.ts";
import { Mesh } from "../../harness/mesh.ts";
import { silentListener } from "../../harness/silent-listener.ts";
import { apply, destinationRule, get, HOST, service, stat, virtualService } from "./mesh.ts";

// Clusters are the same for both targets.
let mesh: Mesh;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  mesh = await Mesh.create({ target: "wasm" });
});

afterEach(async () => {
  for (const close of closing.splice(0)) {
    await close();
  }
});

afterAll(async () => {
  await mesh?.close();
});

async function withPool(connectionPool: object, more: object = {}, rules: readonly string[] = []) {
  return apply(mesh, [
    service([61]),
    destinationRule({ trafficPolicy: { connectionPool, ...more } }),
    ...rules,
  ]);
}

/** How much a counter grows while something happens. */
async function growth(name: string, during: () => Promise<unknown>): Promise<number> {
  const before = await stat(mesh, name);
  await during();
  return (await stat(mesh, name)) - before;
}

/** Waits at the service until `release`. */
const HELD = { "x-echo-hold": "1" };
const held = (port: number, status = 200) =>
  get(port, { headers: { ...HELD, "x-echo-status": String(status) } });
const together = (count: number, one: () => Promise<{ readonly status: number }>) =>
  Promise.all(Array.from({ length: count }, one)).then((all) => all.map(({ status }) => status).sort());
const untilArrived = (count: number) => expect.poll(() => mesh.upstream.requests.length).toBe(count);
const untilCounted = (name: string, count: number) => expect.poll(() => stat(mesh, name)).toBe(count);
const release = () => mesh.upstream.release();
const NO_RETRIES = virtualService([{ route: [{ destination: { host: HOST } }], retries: { attempts: 0 } }]);
const RETRY_ONCE = virtualService([
  { route: [{ destination: { host: HOST } }], retries: { attempts: 1, retryOn: "5xx" } },
]);

/**
 * So many requests fail at the same time, with an answer that would be tried again, and so many of them are not, as Envoy
 * counts it. How many requests the service got.
 */
async function failTogether(port: number, count: number, refused: number): Promise<number> {
  const RETRY_OVERFLOW = "upstream_rq_retry_overflow";
  const [arrived, before] = [mesh.upstream.requests.length, await stat(mesh, RETRY_OVERFLOW)];
  const answers = together(count, () => held(port, 503));
  await untilArrived(arrived + count);
  release();
  // What is tried again is held again, so that all of it is under way at once.
  await untilArrived(arrived + 2 * count - refused);
  await untilCounted(RETRY_OVERFLOW, before + refused);
  release();
  expect(await answers).toEqual(Array.from({ length: count }, () => 503));
  expect(await stat(mesh, RETRY_OVERFLOW)).toBe(before + refused);
  return mesh.upstream.requests.length - arrived;
}

describe("limits", () => {
  test("http2MaxRequests: one more is refused, and counted", async () => {
    const port = await withPool({ http: { http2MaxRequests: 2 } });
    // Older Envoys count it among those that wait.
    const names = ["upstream_rq_active_overflow", "upstream_rq_pending_overflow"];
    const overflows = async () => Promise.all(names.map((name) => stat(mesh, name)));
    const before = await overflows();
    const first = together(2, () => held(port));
    await untilArrived(2);
    expect((await get(port)).status).toBe(503);
    release();
    expect(await first).toEqual([200, 200]);
    const after = await overflows();
    expect(after[0]! + after[1]! - before[0]! - before[1]!).toBe(1);
    expect((await get(port)).status).toBe(200);
  });

  test("tcp.maxConnections: the others wait for their turn", async () => {
    const port = await withPool({ tcp: { maxConnections: 2 } });
    const before = await stat(mesh, "upstream_cx_overflow");
    const first = together(2, () => held(port));
    await untilArrived(2);
    const others = together(2, () => get(port));
    await untilCounted("upstream_rq_pending_active", 2);
    expect(mesh.upstream.requests).toHaveLength(2);
    expect(await stat(mesh, "upstream_cx_overflow")).toBeGreaterThan(before);
    release();
    expect([await first, await others]).toEqual([
      [200, 200],
      [200, 200],
    ]);
  });

  test("http1MaxPendingRequests: those that wait are few", async () => {
    const port = await withPool({ tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 2 } });
    const before = await stat(mesh, "upstream_rq_pending_overflow");
    const first = held(port);
    await untilArrived(1);
    const others = together(4, () => get(port));
    await untilCounted("upstream_rq_pending_overflow", before + 2);
    await untilCounted("upstream_rq_pending_active", 2);
    release();
    expect([...(await others), (await first).status]).toEqual([200, 200, 503, 503, 200]);
    expect(await stat(mesh, "upstream_rq_pending_overflow")).toBe(before + 2);
  });

  test("maxRetries: of retries at the same time, the others are not made", async () => {
    const free = await withPool({ http: {} }, {}, [RETRY_ONCE]);
    expect(await failTogether(free, 4, 0)).toBe(8);
    const limited = await withPool({ http: { maxRetries: 1 } }, {}, [RETRY_ONCE]);
    expect(await failTogether(limited, 4, 3)).toBe(5);
  });

  test("retryBudget: retries are a share of the requests, and some are always possible", async () => {
    const port = await withPool({ http: {} }, { retryBudget: { percent: 1, minRetryConcurrency: 2 } }, [
      RETRY_ONCE,
    ]);
    expect(await failTogether(port, 6, 4)).toBe(8);
  });

  test.each([
    ["those that are over count for as long as it says", "3600s", 0],
    ["of no length, only those that are active count", "0s", 2],
  ])("retryBudget.budgetInterval: %s", async (_what, budgetInterval, refused) => {
    const retryBudget = { percent: 10, minRetryConcurrency: 1, budgetInterval };
    const port = await withPool({ http: {} }, { retryBudget }, [RETRY_ONCE]);
    await together(40, () => get(port));
    expect(await failTogether(port, 3, refused)).toBe(6 - refused);
  });
});

describe("the life of a connection", () => {
  test("http.maxRequestsPerConnection", async () => {
    const port = await withPool({ http: { maxRequestsPerConnection: 2 } });
    const connections = await growth("upstream_cx_total", async () => {
      for (let i = 0; i < 6; i++) {
        expect((await get(port)).status).toBe(200);
      }
    });
    expect(connections).toBe(3);
  });

  test.each([
    ["http.idleTimeout", { http: { idleTimeout: "300ms" } }, true],
    ["tcp.idleTimeout, where http says nothing", { tcp: { idleTimeout: "300ms" } }, true],
    ["http.idleTimeout before tcp's", { http: { idleTimeout: "1h" }, tcp: { idleTimeout: "300ms" } }, false],
  ])("%s", async (_name, pool, closed) => {
    const port = await withPool(pool);
    const before = await stat(mesh, "upstream_cx_idle_timeout");
    await get(port);
    if (!closed) {
      // What is wrong would show by now.
      await sleep(900);
    }
    await untilCounted("upstream_cx_idle_timeout", before + (closed ? 1 : 0));
    await untilCounted("upstream_cx_active", closed ? 0 : 1);
  });

  test("tcp.maxConnectionDuration", async () => {
    const port = await withPool({ tcp: { maxConnectionDuration: "300ms" } });
    const before = await stat(mesh, "upstream_cx_max_duration_reached");
    await get(port);
    await untilCounted("upstream_cx_max_duration_reached", before + 1);
    await untilCounted("upstream_cx_active", 0);
    expect((await get(port)).status).toBe(200);
  });

  test("tcp.connectTimeout", async () => {
    const silent = await silentListener();
    closing.push(() => silent.close());
    const port = await apply(mesh, [
      service([])
        .replace('"endpoints":[]', '"endpoints":[{"address":"127.0.0.1"}]')
        .replace("18080", String(silent.port)),
      destinationRule({ trafficPolicy: { connectionPool: { tcp: { connectTimeout: "400ms" } } } }),
      NO_RETRIES,
    ]);
    let elapsed = 0;
    const timeouts = await growth("upstream_cx_connect_timeout", async () => {
      const response = await get(port);
      expect(response.status).toBe(503);
      elapsed = response.elapsedMs;
    });
    expect(timeouts).toBe(1);
    expect(elapsed).toBeGreaterThan(380);
  });

  // Only Linux tells what timer a socket has.
  test.runIf(process.platform === "linux")("tcp.tcpKeepalive: the socket has its timer", async () => {
    const keepalive = async (pool: object) => {
      const port = await withPool(pool);
      await get(port);
      return socketTimers(mesh.own("127.20.0.61"), 18080);
    };
    expect(await keepalive({ tcp: { tcpKeepalive: { time: "77s", interval: "5s", probes: 3 } } })).toEqual([
      { kind: "keepalive", seconds: expect.closeTo(77, -1) },
    ]);
    expect(await keepalive({ tcp: { maxConnections: 10 } })).toEqual([{ kind: "none", seconds: 0 }]);
  });
});

describe("HTTP/2", () => {
  const versionAt = async (port: number, send: typeof get | typeof askHttp2) => {
    mesh.upstream.reset();
    const { status } = await send(port, { path: "/", host: HOST });
    expect(status).toBe(200);
    return mesh.upstream.requests[0]?.httpVersion;
  };

  test.each([
    [{ h2UpgradePolicy: "UPGRADE" }, ["2", "2"]],
    [{ h2UpgradePolicy: "DO_NOT_UPGRADE" }, ["1.1", "1.1"]],
    [{ h2UpgradePolicy: "DEFAULT" }, ["1.1", "1.1"]],
    [{ useClientProtocol: true }, ["1.1", "2"]],
  ])("%j: to clients of HTTP/1.1 and of HTTP/2 it speaks %j", async (http, versions) => {
    const port = await withPool({ http });
    expect([await versionAt(port, get), await versionAt(port, askHttp2)]).toEqual(versions);
  });

  test("maxConcurrentStreams: more requests take more connections", async () => {
    const connections = async (http: object) => {
      const port = await withPool({ http: { h2UpgradePolicy: "UPGRADE", ...http } });
      return growth("upstream_cx_http2_total", async () => {
        const answers = together(4, () => held(port));
        await untilArrived(4);
        release();
        await answers;
      });
    };
    expect(await connections({})).toBe(1);
    expect(await connections({ maxConcurrentStreams: 2 })).toBe(2);
  });

  test("http2KeepAlive: a peer that answers no PING is given up", async () => {
    const mute = net.createServer((socket) => {
      socket.on("error", () => {});
      // An empty SETTINGS frame, and then silence.
      socket.once("data", () => socket.write(Buffer.from("000000040000000000", "hex")));
    });
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    closing.push(() => mute.close());
    const port = await apply(mesh, [
      service([])
        .replace('"endpoints":[]', '"endpoints":[{"address":"127.0.0.1"}]')
        .replace("18080", String((mute.address() as net.AddressInfo).port)),
      destinationRule({
        trafficPolicy: {
          connectionPool: {
            http: { h2UpgradePolicy: "UPGRADE", http2KeepAlive: { interval: "200ms", timeout: "300ms" } },
          },
        },
      }),
      NO_RETRIES,
    ]);
    const timeouts = await growth("http2.keepalive_timeout", async () => {
      expect((await get(port)).status).toBe(503);
    });
    expect(timeouts).toBe(1);
  });
});

interface SocketTimer {
  readonly kind: "none" | "keepalive" | "other";
  readonly seconds: number;
}

/** Of this machine's connections to an address, as `/proc/net/tcp` has them: hexadecimal, the address backwards. */
async function socketTimers(address: string, port: number): Promise<SocketTimer[]> {
  const ESTABLISHED = "01";
  const hex = (number: number, digits: number) => number.toString(16).toUpperCase().padStart(digits, "0");
  const remote = `${address
    .split(".")
    .reverse()
    .map((part) => hex(Number(part), 2))
    .join("")}:${hex(port, 4)}`;
  const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
  return lines
    .filter(([, , peer, state]) => peer === remote && state === ESTABLISHED)
    .map(([, , , , , timer = ""]) => {
      const [kind = "", left = ""] = timer.split(":");
      return {
        kind: kind === "00" ? "none" : kind === "02" ? "keepalive" : "other",
        seconds: Number.parseInt(left, 16) / 100,
      };
    });
}
