import fc from "fast-check";
import { expect, test } from "vitest";
import type { Resource, ServiceEntrySpec } from "../resources/model.ts";
import type { Service } from "./service.ts";
import { virtualAddresses } from "./virtual-addresses.ts";

type Entry = Resource<ServiceEntrySpec>;

function entry(host: string, more: Partial<ServiceEntrySpec> = {}, rest: Partial<Entry> = {}): Entry {
  return {
    name: host,
    namespace: "shop",
    labels: {},
    spec: { hosts: [host], resolution: "DNS", ...more },
    ...rest,
  } as Entry;
}

const service = (host: string, namespace = "shop", addresses: string[] = []) =>
  ({ host, namespace, addresses, source: "serviceEntry" }) as unknown as Service;

function addressesOf(entries: readonly Entry[]): Map<string, string | undefined> {
  const all = virtualAddresses(entries);
  return new Map(
    entries.flatMap(({ spec, namespace }) =>
      (spec.hosts ?? []).map((host) => [host, all.of(service(host.toLowerCase(), namespace))] as const),
    ),
  );
}

test("hosts have different addresses of 240.240.0.0/16, none of which is the first or the last of a network", () => {
  const entries = Array.from({ length: 5000 }, (_, i) => entry(`host-${i}.example`));
  const all = [...addressesOf(entries).values()];
  expect(new Set(all).size).toBe(5000);
  for (const address of all) {
    expect(address).toMatch(/^240\.240\.\d+\.\d+$/);
    const [third, last] = address!.split(".").slice(2).map(Number);
    expect(third).toBeLessThan(256);
    expect(last).toBeGreaterThan(0);
    expect(last).toBeLessThan(255);
  }
});

test("they follow from the set of hosts alone, and mostly stay when others come and go", () => {
  const hosts = fc.uniqueArray(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(hosts, fc.integer({ min: 0, max: 59 }), (numbers, gone) => {
      const entries = numbers.map((number) => entry(`h${number}.example`));
      const all = addressesOf(entries);
      expect(addressesOf([...entries].reverse())).toEqual(all);
      const fewer = addressesOf(entries.filter((_, i) => i !== gone));
      const moved = [...fewer].filter(([host, address]) => all.get(host) !== address);
      // Only one that has had the same hash as the one that went.
      expect(moved.length).toBeLessThanOrEqual(1);
    }),
  );
});

test("of two hosts with one hash, the older keeps its address", () => {
  const first = addressesOf([entry("a.example")]).get("a.example")!;
  // Found by trying: it has the slot of the other.
  const twin = Array.from({ length: 1_000_000 }, (_, i) => `t${i}.example`).find(
    (host) => addressesOf([entry(host)]).get(host) === first,
  )!;
  const made = (host: string, creationTimestamp: string) => entry(host, {}, { creationTimestamp });
  const older = addressesOf([made(twin, "2026-01-01T00:00:00Z"), made("a.example", "2025-01-01T00:00:00Z")]);
  expect(older.get("a.example")).toBe(first);
  expect(older.get(twin)).not.toBe(first);
  const younger = addressesOf([
    made(twin, "2024-01-01T00:00:00Z"),
    made("a.example", "2025-01-01T00:00:00Z"),
  ]);
  expect(younger.get(twin)).toBe(first);
  expect(younger.get("a.example")).not.toBe(first);
});

test("as in istiod, some have none", () => {
  const none = [
    entry("none.example", { resolution: "NONE" }),
    { ...entry("unsaid.example"), spec: { hosts: ["unsaid.example"] } },
    entry("own.example", { addresses: ["10.0.0.1"] }),
    entry("*.wild.example"),
    entry("opted.example", {}, { labels: { "networking.istio.io/enable-autoallocate-ip": "False" } }),
  ];
  expect([...addressesOf(none).values()]).toEqual(none.map(() => undefined));
  expect(
    addressesOf([entry("*.dynamic.example", { resolution: "DYNAMIC_DNS" })]).get("*.dynamic.example"),
  ).toBeDefined();
  const all = virtualAddresses([entry("a.example")]);
  expect(all.of(service("a.example", "shop", ["10.0.0.1"]))).toBeUndefined();
  expect(all.of({ ...service("a.example"), source: "kubernetes" })).toBeUndefined();
  expect(all.of(service("a.example", "other"))).toBeUndefined();
});

test("what istiod gave holds, and what somebody wrote is nobody else's", () => {
  const free = addressesOf([entry("a.example")]).get("a.example")!;
  const taken = [entry("a.example"), entry("b.example", { addresses: [free] })];
  expect(addressesOf(taken).get("a.example")).not.toBe(free);
  const status = (addresses: unknown) =>
    addressesOf([entry("A.example", {}, { document: { status: { addresses } } } as Partial<Entry>)]).get(
      "A.example",
    );
  expect(
    status([
      { host: "x.example", value: "240.240.9.8" },
      { host: "a.example", value: "240.240.9.9" },
    ]),
  ).toBe("240.240.9.9");
  for (const nonsense of [
    null,
    "x",
    [null],
    [{ host: "a.example", value: "2001:2::1" }],
    [{ host: 1, value: 2 }],
  ]) {
    expect(status(nonsense)).toBe(free);
  }
});
