import { describe, expect, test } from "vitest";
import type { Config } from "../../ir/ir.ts";
import type { Target } from "../../options.ts";
import { emitEnvoy } from "./index.ts";
import { testCluster, testListener, testOptions } from "./testing.ts";

const config = (port: number): Config => ({
  listeners: [testListener()],
  clusters: [
    testCluster({ discovery: { kind: "eds", endpoints: [{ address: "127.0.0.1", port, weight: 1 }] } }),
  ],
});

const TARGETS: readonly Target[] = ["wasm", "native"];

describe.each(TARGETS)("target %s", (target) => {
  test("the whole output", async () => {
    const files = emitEnvoy(config(80), testOptions({ target }));
    expect([...files.keys()]).toEqual([
      "envoy.json",
      "xds/cds.json",
      ...(target === "wasm" ? ["xds/ecds/mesh.json"] : []),
      "xds/eds/outbound%7c80%7c%7ca.example.json",
      "xds/lds.json",
      "xds/rds/mesh.json",
    ]);
    for (const [file, text] of files) {
      await expect(text).toMatchFileSnapshot(`golden/${target}/${file}`);
    }
  });

  test("equal input gives equal bytes, in whatever order it comes", () => {
    const listeners = [testListener(), testListener([], { name: "gateway_80" })];
    const clusters = [testCluster(), testCluster({ name: "b" })];
    const blobs = new Map([
      ["mesh", Uint8Array.of(1)],
      ["gateway_80", Uint8Array.of(2)],
    ]);
    const options = testOptions({ target, blobs });
    expect([
      ...emitEnvoy({ listeners: listeners.toReversed(), clusters: clusters.toReversed() }, options),
    ]).toEqual([...emitEnvoy({ listeners, clusters }, options)]);
  });

  test("endpoints that change touch nothing but their file", () => {
    const before = emitEnvoy(config(80), testOptions({ target }));
    const after = emitEnvoy(config(81), testOptions({ target }));
    expect([...after.keys()].filter((file) => before.get(file) !== after.get(file))).toEqual([
      "xds/eds/outbound%7c80%7c%7ca.example.json",
    ]);
  });

  test("a rule that changes touches one file of its listener", () => {
    const changed: Config = { ...config(80), listeners: [testListener([])] };
    const before = emitEnvoy(config(80), testOptions({ target }));
    const after = emitEnvoy(changed, testOptions({ target, blobs: new Map([["mesh", Uint8Array.of(9)]]) }));
    expect([...after.keys()].filter((file) => before.get(file) !== after.get(file))).toEqual([
      target === "wasm" ? "xds/ecds/mesh.json" : "xds/rds/mesh.json",
    ]);
  });
});

test("a name that cannot be resolved is left out: Envoy would refuse the cluster", () => {
  const files = emitEnvoy(
    { listeners: [], clusters: [testCluster({ discovery: { kind: "logicalDns", endpoints: [] } })] },
    testOptions(),
  );
  expect(JSON.parse(files.get("xds/cds.json")!).resources).toEqual([]);
});

test("a listener without a blob is a mistake of the caller", () => {
  expect(() => emitEnvoy(config(80), testOptions({ blobs: new Map() }))).toThrow("mesh");
});
