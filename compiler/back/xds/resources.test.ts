import { describe, expect, test } from "vitest";
import { Confidential } from "../../ir/confidential.ts";
import type { Config, Secret, ServerTls } from "../../ir/ir.ts";
import type { Target } from "../../options.ts";
import type { ResourceSet } from "./resource-set.ts";
import { resourcesOf } from "./resource-set.ts";
import { emitResources } from "./resources.ts";
import { APART, INLINE, testCluster, testListener, testOptions } from "./testing.ts";

const config = (port: number): Config => ({
  listeners: [testListener()],
  clusters: [
    testCluster({ discovery: { kind: "eds", endpoints: [{ address: "127.0.0.1", port, weight: 1 }] } }),
  ],
});

const TARGETS: readonly Target[] = ["wasm", "native"];

const idsOf = (set: ResourceSet) => resourcesOf(set).map(({ type, name }) => `${type} ${name}`);
const changed = (before: ResourceSet, after: ResourceSet) =>
  resourcesOf(after)
    .filter(({ type, name, version }) => before[type].get(name)?.version !== version)
    .map(({ type, name }) => `${type} ${name}`);

describe.each(TARGETS)("target %s", (target) => {
  test("everything that has a place of its own is a resource", () => {
    expect(idsOf(emitResources(config(80), testOptions({ target })))).toEqual([
      "endpoints outbound|80||a.example",
      "cluster outbound|80||a.example",
      "routes mesh",
      ...(target === "wasm" ? ["extension mesh"] : []),
      "listener mesh",
    ]);
  });

  test("what has none stands inside of the others", () => {
    expect(idsOf(emitResources(config(80), testOptions({ target, places: INLINE })))).toEqual([
      "cluster outbound|80||a.example",
      "listener mesh",
    ]);
  });

  test("equal input gives equal resources in one order, in whatever order it comes", () => {
    const listeners = [testListener(), testListener([], { name: "gateway_80" })];
    const clusters = [testCluster(), testCluster({ name: "b" })];
    const blobs = new Map([
      ["mesh", Uint8Array.of(1)],
      ["gateway_80", Uint8Array.of(2)],
    ]);
    const options = testOptions({ target, blobs });
    const messages = (config: Config) =>
      resourcesOf(emitResources(config, options)).map(({ message, version }) => [message, version]);
    expect(messages({ listeners: listeners.toReversed(), clusters: clusters.toReversed() })).toEqual(
      messages({ listeners, clusters }),
    );
  });

  test("endpoints that change touch nothing else", () => {
    const before = emitResources(config(80), testOptions({ target }));
    const after = emitResources(config(81), testOptions({ target }));
    expect(changed(before, after)).toEqual(["endpoints outbound|80||a.example"]);
  });

  test("a rule that changes touches one resource of its listener", () => {
    const other: Config = { ...config(80), listeners: [testListener([])] };
    const before = emitResources(config(80), testOptions({ target }));
    const blobs = new Map([["mesh", Uint8Array.of(9)]]);
    const after = emitResources(other, testOptions({ target, blobs }));
    expect(changed(before, after)).toEqual([target === "wasm" ? "extension mesh" : "routes mesh"]);
  });
});

test("a version is a digest of the contents", () => {
  const version = (port: number) =>
    emitResources(config(port), testOptions()).endpoints.get("outbound|80||a.example")?.version;
  expect(version(1)).toMatch(/^[0-9a-f]{16}$/);
  expect(version(1)).toBe(version(1));
  expect(version(1)).not.toBe(version(2));
});

test("a name that cannot be resolved is left out: Envoy would refuse the cluster", () => {
  const set = emitResources(
    { listeners: [], clusters: [testCluster({ discovery: { kind: "logicalDns", endpoints: [] } })] },
    testOptions(),
  );
  expect(set.cluster.size).toBe(0);
});

test("a listener without a blob is a mistake of the caller", () => {
  expect(() => emitResources(config(80), testOptions({ blobs: new Map() }))).toThrow("mesh");
});

const CERTIFICATE: Secret = {
  name: "shown",
  content: { kind: "certificate", chain: "CHAIN", key: new Confidential("KEY") },
  inFiles: false,
};
const AUTHORITY: Secret = {
  name: "trusted",
  content: { kind: "authority", trusted: "TRUSTED" },
  inFiles: false,
};

describe("keys", () => {
  const tls: ServerTls = {
    serverNames: [],
    certificates: ["shown"],
    clientCertificate: "required",
    authority: "trusted",
    subjectAltNames: [],
    spkiHashes: [],
    certificateHashes: [],
    cipherSuites: [],
    curves: [],
  };
  const secure = (more: Partial<ServerTls>): Config => ({
    listeners: [testListener([], { tls: { ...tls, ...more } })],
    clusters: [],
    secrets: [CERTIFICATE, AUTHORITY],
  });
  const keysOf = (set: ResourceSet) =>
    resourcesOf(set)
      .filter(({ isKey }) => isKey)
      .map(({ type }) => type);

  test("secrets are for their owner only, and so is whatever has a key written into it", () => {
    expect(keysOf(emitResources(secure({}), testOptions({ places: APART })))).toEqual(["secret", "secret"]);
    expect(keysOf(emitResources(secure({}), testOptions({ places: INLINE })))).toEqual(["listener"]);
    const trusting = secure({ certificates: [] });
    expect(keysOf(emitResources(trusting, testOptions({ places: INLINE })))).toEqual([]);
  });

  test("who names a secret needs it", () => {
    const [listener] = emitResources(secure({}), testOptions()).listener.values();
    expect(listener?.needs).toContainEqual({ type: "secret", name: "shown" });
    expect(listener?.needs).toContainEqual({ type: "secret", name: "trusted" });
  });
});

test("auto: each listener by what decides for it, and two tables are never of one name", () => {
  const listeners = [testListener(), testListener([], { name: "gateway_80" })];
  const decidedBy = (...filtered: readonly string[]) =>
    idsOf(
      emitResources(
        { clusters: [], listeners },
        testOptions({ target: "auto", blobs: new Map(filtered.map((name) => [name, Uint8Array.of(1)])) }),
      ),
    ).filter((id) => !id.startsWith("listener"));
  expect(decidedBy("mesh")).toEqual(["routes gateway_80_native", "routes mesh", "extension mesh"]);
  expect(decidedBy("gateway_80", "mesh")).toEqual([
    "routes gateway_80",
    "routes mesh",
    "extension gateway_80",
    "extension mesh",
  ]);
  expect(decidedBy()).toEqual(["routes gateway_80_native", "routes mesh_native"]);
});
