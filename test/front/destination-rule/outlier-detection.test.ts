/** `outlierDetection`: who is put out, for what, for how long, and how many at most. */

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Mesh } from "../../harness/mesh.ts";
import { freePort } from "../../harness/ports.ts";
import {
  answeredBy,
  apply,
  destinationRule,
  get,
  HOST,
  service,
  share,
  stat,
  virtualService,
} from "./mesh.ts";

// Clusters are the same for both targets.
let mesh: Mesh;

beforeAll(async () => {
  mesh = await Mesh.create({ target: "wasm" });
});

afterAll(async () => {
  await mesh?.close();
});

let tests = 0;

/**
 * Looks often, and puts out for long, unless a test says otherwise. Never twice the same, so that Envoy makes a new
 * cluster, in which nobody is out.
 */
function often() {
  tests += 1;
  return { interval: "100ms", baseEjectionTime: `${60 + tests}s`, maxEjectionPercent: 100 };
}

const watched = (endpoints: readonly number[], outlierDetection: object) =>
  apply(mesh, [
    service(endpoints),
    destinationRule({
      trafficPolicy: {
        outlierDetection: { ...often(), ...outlierDetection },
        loadBalancer: { simple: "ROUND_ROBIN" },
      },
    }),
  ]);

async function fail(port: number, status: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await get(port, { headers: { "x-echo-status": String(status) } });
  }
}

const ejected = () => stat(mesh, "outlier_detection.ejections_active");
/** Envoy tells its workers of an ejection at most once a second. */
const soon = { interval: 20 };
const untilEjected = (count: number) => expect.poll(ejected, soon).toBe(count);
const statusOf = async (port: number) => (await get(port)).status;

describe("what counts", () => {
  test.each([
    ["consecutive5xxErrors", { consecutive5xxErrors: 3 }, 500, 3],
    ["consecutive5xxErrors of a gateway's errors", { consecutive5xxErrors: 3 }, 503, 3],
    ["consecutiveGatewayErrors", { consecutiveGatewayErrors: 2, consecutive5xxErrors: 0 }, 502, 2],
    ["Envoy's own count of five where none is set", {}, 500, 5],
    [
      "outlierDetectionHttpErrorCodes",
      { consecutive5xxErrors: 2, outlierDetectionHttpErrorCodes: [404] },
      404,
      2,
    ],
  ])("%s: so many in a row, and no fewer", async (_name, settings, status, count) => {
    const port = await watched([61], settings);
    await fail(port, status, count - 1);
    // An answer that is none of those begins the count again.
    await get(port);
    await fail(port, status, count - 1);
    await sleep(300);
    expect([await ejected(), await statusOf(port)]).toEqual([0, 200]);
    await fail(port, status, count);
    await untilEjected(1);
    await expect.poll(() => statusOf(port), soon).toBe(503);
  });

  test.each([
    ["0 errors switch it off", { consecutive5xxErrors: 0 }, 500],
    ["500 is no gateway's error", { consecutiveGatewayErrors: 2, consecutive5xxErrors: 0 }, 500],
    ["404 is no error", { consecutive5xxErrors: 2 }, 404],
    [
      "with codes, others are no errors",
      { consecutive5xxErrors: 2, outlierDetectionHttpErrorCodes: [404] },
      500,
    ],
  ])("%s", async (_name, settings, status) => {
    const port = await watched([61], settings);
    await fail(port, status, 8);
    await sleep(300);
    expect([await ejected(), await statusOf(port)]).toEqual([0, 200]);
  });
});

describe("local and external errors", () => {
  /** 61 answers, and nobody listens at the other endpoint. */
  async function withDeadEndpoint(outlierDetection: object): Promise<number> {
    const dead = { address: "127.0.0.1", ports: { http: await freePort() } };
    return apply(mesh, [
      service([61]).replace('"endpoints":[', `"endpoints":[${JSON.stringify(dead)},`),
      destinationRule({
        trafficPolicy: {
          outlierDetection: { ...often(), ...outlierDetection },
          loadBalancer: { simple: "ROUND_ROBIN" },
        },
      }),
      virtualService([{ route: [{ destination: { host: HOST } }], retries: { attempts: 0 } }]),
    ]);
  }

  test("splitExternalLocalOriginErrors: refused connections have a count of their own", async () => {
    const before = await stat(mesh, "outlier_detection.ejections_enforced_consecutive_local_origin_failure");
    const port = await withDeadEndpoint({
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailures: 2,
      consecutive5xxErrors: 100,
    });
    const statuses = [];
    for (let i = 0; i < 4; i++) {
      statuses.push(await statusOf(port));
    }
    expect(statuses.sort()).toEqual([200, 200, 503, 503]);
    await untilEjected(1);
    expect(await stat(mesh, "outlier_detection.ejections_enforced_consecutive_local_origin_failure")).toBe(
      before + 1,
    );
    await expect.poll(() => share(port, 10), soon).toEqual(new Map([[61, 10]]));
  });

  test("an answer with an error is no local failure", async () => {
    const port = await watched([61], {
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailures: 2,
      consecutive5xxErrors: 0,
    });
    await fail(port, 503, 6);
    await sleep(300);
    expect(await ejected()).toBe(0);
  });

  test("without the split, refused connections count as errors of a gateway", async () => {
    const port = await withDeadEndpoint({ consecutiveGatewayErrors: 2, consecutive5xxErrors: 0 });
    for (let i = 0; i < 4; i++) {
      await statusOf(port);
    }
    await untilEjected(1);
  });
});

describe("for how long, and how many", () => {
  /** An endpoint fails, is put out, and is back: after so many milliseconds, or somewhat later than it was. */
  async function outFor(port: number): Promise<number> {
    const total = () => stat(mesh, "outlier_detection.ejections_enforced_total");
    const before = await total();
    const start = performance.now();
    await fail(port, 500, 1);
    await expect.poll(total, soon).toBe(before + 1);
    await expect.poll(ejected, soon).toBe(0);
    const ms = performance.now() - start;
    await expect.poll(() => statusOf(port), soon).toBe(200);
    return ms;
  }

  test("baseEjectionTime: it comes back after so long, and after twice as long when it fails again", async () => {
    const port = await watched([61], {
      consecutive5xxErrors: 1,
      baseEjectionTime: "600ms",
      interval: "200ms",
    });
    // Envoy forgets one failure at each look at which all is well, which on a busy machine may come before the second.
    await expect
      .poll(async () => {
        expect(await outFor(port)).toBeGreaterThan(590);
        return outFor(port);
      })
      .toBeGreaterThan(1190);
  });

  test("interval: nothing comes back before the next look", async () => {
    const port = await watched([61], {
      consecutive5xxErrors: 1,
      baseEjectionTime: "100ms",
      interval: "1500ms",
    });
    // It comes back with a look, and so the next one is far.
    await outFor(port);
    await expect.poll(() => outFor(port)).toBeGreaterThan(1000);
  });

  test("maxEjectionPercent: the others stay, whatever they answer", async () => {
    const port = await watched([61, 62, 63, 64], { consecutive5xxErrors: 1, maxEjectionPercent: 50 });
    await fail(port, 500, 12);
    await untilEjected(2);
    await expect.poll(async () => (await share(port, 12)).size, soon).toBe(2);
    expect(await ejected()).toBe(2);
  });

  test.each([
    ["minHealthPercent: with too few left, those that are out are asked again", 50, 4],
    ["minHealthPercent: with enough left they are not", 20, 1],
    ["unset, they are never", undefined, 1],
  ])("%s", async (_name, minHealthPercent, asked) => {
    const port = await watched([61, 62, 63, 64], {
      consecutive5xxErrors: 1,
      ...(minHealthPercent !== undefined && { minHealthPercent }),
    });
    // Three of four: each is put out by its first error.
    const out = new Set<number>();
    while (out.size < 3) {
      out.add(answeredBy(await get(port, { headers: { "x-echo-status": "500" } })));
    }
    await untilEjected(3);
    await expect.poll(async () => (await share(port, 16)).size, soon).toBe(asked);
  });
});
