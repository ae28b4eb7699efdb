/** Endpoints near and far: who is asked first, who when those fail, and how much each place gets. */

import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { binomialBound } from "../../../compiler/binomial.ts";
import { Mesh } from "../../harness/mesh.ts";
import { answeredBy, apply, destinationRule, get, service, share } from "./mesh.ts";

const ENDPOINTS = [
  { last: 61, locality: "eu/eu-1/a" },
  { last: 62, locality: "eu/eu-1/b" },
  { last: 63, locality: "eu/eu-2/a", labels: { tier: "gold" } },
  { last: 64, locality: "us/us-1/a" },
];
const HERE = { proxyLocality: "eu/eu-1/a" };
/** With another time Envoy makes another cluster, in which nobody is out. */
const outliers = (baseEjectionTime: string) => ({
  consecutive5xxErrors: 1,
  interval: "100ms",
  baseEjectionTime,
  maxEjectionPercent: 100,
});

// Clusters are the same for both targets.
let mesh: Mesh;

beforeAll(async () => {
  mesh = await Mesh.create({ target: "wasm" });
});

afterAll(async () => {
  await mesh?.close();
});

/** Whoever is asked next fails, and is out: Envoy tells its workers of it once a second. */
async function eject(port: number): Promise<number> {
  const failed = answeredBy(await get(port, { headers: { "x-echo-status": "500" } }));
  await vi.waitFor(async () => expect(answeredBy(await get(port))).not.toBe(failed), { timeout: 30_000 });
  return failed;
}

/** So many requests miss one of three endpoints once in ten billion times. */
const endpointsOf = async (port: number) => new Set((await share(port, 60)).keys());

test("requests stay where the proxy is, go to the next place as each fails, and come back", async () => {
  const watched = (time: string) =>
    apply(
      mesh,
      [service(ENDPOINTS), destinationRule({ trafficPolicy: { outlierDetection: outliers(time) } })],
      HERE,
    );
  const port = await watched("60s");
  expect(await endpointsOf(port)).toEqual(new Set([61]));
  expect([await eject(port), await eject(port)]).toEqual([61, 62]);
  expect(answeredBy(await get(port))).toBe(63);

  await watched("1s");
  const failing = { headers: { "x-echo-status": "500" } };
  await vi.waitFor(async () => expect(answeredBy(await get(port, failing))).not.toBe(61), 30_000);
  await expect.poll(() => endpointsOf(port), { interval: 200 }).toEqual(new Set([61]));
});

test("priorities by label put a distant endpoint first", async () => {
  const localityLbSetting = { failoverPriority: ["tier=gold"] };
  const port = await apply(
    mesh,
    [
      service(ENDPOINTS),
      destinationRule({
        trafficPolicy: { loadBalancer: { localityLbSetting }, outlierDetection: outliers("61s") },
      }),
    ],
    HERE,
  );
  expect(await endpointsOf(port)).toEqual(new Set([63]));
  await eject(port);
  expect(await endpointsOf(port)).toEqual(new Set([61, 62, 64]));
});

test("zoneAwareLbSetting: the own region is asked, zone by zone, without outlier detection", async () => {
  const zoneAware = (loadBalancer: object, more: object = {}) =>
    destinationRule({
      trafficPolicy: {
        loadBalancer: { zoneAwareLbSetting: { minClusterSize: 1, ...more }, ...loadBalancer },
      },
    });
  const eu = await apply(mesh, [service(ENDPOINTS), zoneAware({})], HERE);
  expect(await endpointsOf(eu)).toEqual(new Set([61, 62, 63]));
  const us = await apply(mesh, [service(ENDPOINTS), zoneAware({})], { proxyLocality: "us" });
  expect(await endpointsOf(us)).toEqual(new Set([64]));
  // Envoy takes it beside each way to choose an endpoint, and off.
  const hashed = await apply(
    mesh,
    [service(ENDPOINTS), zoneAware({ consistentHash: { httpHeaderName: "x-user" } })],
    HERE,
  );
  expect(await endpointsOf(hashed)).not.toContain(64);
  const off = await apply(mesh, [service(ENDPOINTS), zoneAware({}, { enabled: false })], HERE);
  expect((await share(off, 100)).size).toBe(4);
});

test("without outlier detection every place is asked", async () => {
  const port = await apply(mesh, [service(ENDPOINTS)], HERE);
  expect((await share(port, 100)).size).toBe(4);
});

test("a distribution gives each place its share", async () => {
  const localityLbSetting = { distribute: [{ from: "eu/*", to: { "eu/eu-1/*": 25, "us/*": 75 } }] };
  const port = await apply(
    mesh,
    [service(ENDPOINTS), destinationRule({ trafficPolicy: { loadBalancer: { localityLbSetting } } })],
    HERE,
  );
  const count = 400;
  const shares = await share(port, count);
  expect(shares.has(63)).toBe(false);
  const { least, most } = binomialBound(count, 0.75);
  expect(shares.get(64)).toBeGreaterThanOrEqual(least);
  expect(shares.get(64)).toBeLessThanOrEqual(most);
});
