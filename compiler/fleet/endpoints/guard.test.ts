/** Endpoints that vanish too many at once are kept for a while, and nothing else is ever put off. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emitLoadAssignment } from "../../back/xds/endpoints.ts";
import { typed } from "../../back/xds/protobuf.ts";
import { Resource, type ResourceSet } from "../../back/xds/resource-set.ts";
import { EndpointGuard } from "./guard.ts";

const NOTHING: ResourceSet = {
  cluster: new Map(),
  endpoints: new Map(),
  listener: new Map(),
  routes: new Map(),
  extension: new Map(),
  secret: new Map(),
};

/** Of clusters with endpoints of these numbers; the zone follows from the number. */
function setOf(clusters: Readonly<Record<string, readonly number[]>>): ResourceSet {
  const endpoints = Object.entries(clusters).map(([name, numbers]) => {
    const list = numbers.map((n) => ({
      address: `10.0.0.${n}`,
      port: 80,
      weight: 1,
      locality: { region: "r", zone: n % 2 === 0 ? "a" : "b", subZone: "" },
    }));
    const message = typed("envoy.config.endpoint.v3.ClusterLoadAssignment", emitLoadAssignment(name, list));
    return [name, new Resource({ type: "endpoints", name, message })] as const;
  });
  return { ...NOTHING, endpoints: new Map(endpoints) };
}

function told({ endpoints }: ResourceSet, cluster = "a"): number[] {
  return endpoints
    .get(cluster)!
    .message.endpoints.flatMap(({ lb_endpoints }) => lb_endpoints)
    .map(({ endpoint: { address } }) =>
      Number("socket_address" in address ? address.socket_address.address.split(".")[3] : Number.NaN),
    )
    .sort((x, y) => x - y);
}

const ALL = [1, 2, 3, 4];

describe("endpoints that vanish", () => {
  test("more than half at once are kept for five seconds", () => {
    const guard = new EndpointGuard();
    guard.pass(setOf({ a: ALL, b: [9] }), 0);
    const few = setOf({ a: [1], b: [9] });
    const { resources, held, next } = guard.pass(few, 60_000);
    expect(told(resources)).toEqual(ALL);
    expect(resources.endpoints.get("b")).toBe(few.endpoints.get("b"));
    expect(held).toEqual([{ cluster: "a", before: 4, now: 1, until: 65_000 }]);
    expect(next).toBe(65_000);
    expect(guard.pass(few, 64_999).held).toEqual([]);
    expect(guard.pass(few, 65_000)).toEqual({ resources: few, held: [] });
  });

  test("half of them go at once", () => {
    const guard = new EndpointGuard();
    guard.pass(setOf({ a: ALL }), 0);
    const few = setOf({ a: [1, 2] });
    expect(guard.pass(few, 10).resources).toBe(few);
  });

  test("one after another within a second are as many at once", () => {
    const guard = new EndpointGuard();
    guard.pass(setOf({ a: ALL }), 0);
    expect(told(guard.pass(setOf({ a: [1, 2, 3] }), 5_000).resources)).toEqual([1, 2, 3]);
    expect(told(guard.pass(setOf({ a: [1, 2] }), 5_500).resources)).toEqual([1, 2]);
    expect(told(guard.pass(setOf({ a: [1] }), 5_900).resources)).toEqual(ALL);
  });

  test("one after another in their time go at once", () => {
    const guard = new EndpointGuard();
    guard.pass(setOf({ a: ALL }), 0);
    for (const [at, numbers] of [
      [2_000, [1, 2, 3]],
      [4_000, [1, 2]],
      [6_000, [1]],
    ] as const) {
      expect(told(guard.pass(setOf({ a: numbers }), at).resources)).toEqual(numbers);
    }
  });

  test("others that take their place are told at once, and alone", () => {
    const guard = new EndpointGuard();
    guard.pass(setOf({ a: ALL }), 0);
    const moved = setOf({ a: [5, 6, 7, 8] });
    expect(guard.pass(moved, 10).resources).toBe(moved);
  });

  test("what comes while they are kept stands beside them", () => {
    const guard = new EndpointGuard();
    guard.pass(setOf({ a: ALL }), 0);
    guard.pass(setOf({ a: [] }), 2_000);
    expect(told(guard.pass(setOf({ a: [7] }), 3_000).resources)).toEqual([...ALL, 7]);
  });

  test("once enough are back, what is there is told", () => {
    const guard = new EndpointGuard();
    guard.pass(setOf({ a: ALL }), 0);
    guard.pass(setOf({ a: [] }), 2_000);
    const back = setOf({ a: [1, 2, 9] });
    expect(guard.pass(back, 2_100)).toEqual({ resources: back, held: [] });
  });

  test("a cluster that rules need no more takes its endpoints with it", () => {
    const guard = new EndpointGuard();
    guard.pass(setOf({ a: ALL, b: [1] }), 0);
    const without = setOf({ b: [1] });
    expect(guard.pass(without, 10)).toEqual({ resources: without, held: [] });
    const again = setOf({ a: [], b: [1] });
    expect(guard.pass(again, 20).resources).toBe(again);
  });
});

const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 8 });
const events = fc.array(fc.record({ after: fc.integer({ min: 0, max: 4_000 }), numbers }), { maxLength: 30 });

test("whatever comes is told at once, whatever is told was there, and what is gone is let go", () => {
  fc.assert(
    fc.property(numbers, events, (first, changes) => {
      const guard = new EndpointGuard();
      let now = 0;
      let { next } = guard.pass(setOf({ a: first }), now);
      /** When each endpoint was there last. */
      const seen = new Map(first.map((n) => [n, now]));
      let present: readonly number[] = first;
      for (const { after, numbers } of changes) {
        now += after;
        for (const n of present) {
          seen.set(n, now);
        }
        // Whoever calls does so at `next`, too.
        if (next !== undefined && next < now) {
          expect(told(guard.pass(setOf({ a: present }), next).resources)).toEqual(
            expect.arrayContaining([...present]),
          );
        }
        present = numbers;
        const passed = guard.pass(setOf({ a: present }), now);
        ({ next } = passed);
        const all = told(passed.resources);
        expect(all).toEqual(expect.arrayContaining([...present]));
        expect(new Set(all).size).toBe(all.length);
        for (const n of all) {
          expect(present.includes(n) || now - seen.get(n)! <= 6_000).toBe(true);
        }
        if (all.length > present.length) {
          expect(next).toBeGreaterThan(now);
          expect(next).toBeLessThanOrEqual(now + 5_000);
        }
      }
      const last = setOf({ a: present });
      guard.pass(last, now + 7_000);
      expect(guard.pass(last, now + 13_000).resources).toBe(last);
    }),
    { numRuns: 200 },
  );
});
