import { describe, expect, test } from "vitest";
import { testCluster, testListener } from "../../../back/xds/testing.ts";
import { Confidential } from "../../../ir/confidential.ts";
import type { Config } from "../../../ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS, type Target } from "../../../options.ts";
import { bytesOf } from "../output-files.ts";
import { filesOf, folderBuild } from "./build.ts";

const CONFIG: Config = {
  listeners: [testListener()],
  clusters: [
    testCluster({ discovery: { kind: "eds", endpoints: [{ address: "127.0.0.1", port: 80, weight: 1 }] } }),
  ],
};
const MODULE = Uint8Array.of(0);

async function build(config: Config, target: Target) {
  const blobs = new Map(target === "wasm" ? [["mesh", Uint8Array.of(1, 2, 3)]] : []);
  const options = { ...DEFAULT_PROXY_OPTIONS, target };
  return folderBuild({ config, blobs, sources: [], clusterParts: [] }, options, "/build", { module: MODULE });
}

describe.each<Target>(["wasm", "native"])("target %s", (target) => {
  test("the whole output", async () => {
    const files = filesOf(await build(CONFIG, target));
    expect([...files.keys()].sort()).toEqual([
      "envoy.json",
      ...(target === "wasm" ? ["filter.wasm"] : []),
      "manifest.json",
      ...(target === "wasm" ? ["routes/mesh.blob"] : []),
      "xds/cds.json",
      ...(target === "wasm" ? ["xds/ecds/mesh.json"] : []),
      "xds/eds/outbound%7c80%7c%7ca.example.json",
      "xds/lds.json",
      "xds/rds/mesh.json",
    ]);
    for (const [file, text] of files) {
      if (file === "envoy.json" || file.startsWith("xds/")) {
        await expect(text).toMatchFileSnapshot(`golden/${target}/${file}`);
      }
    }
  });
});

test("the manifest describes every other file of the build", async () => {
  const made = await build(CONFIG, "wasm");
  const files = filesOf(made);
  expect(JSON.parse(String(files.get("manifest.json")))).toEqual(made.manifest());
  expect(Object.keys(made.manifest().files)).toEqual(
    [...files.keys()].filter((name) => name !== "manifest.json").sort(),
  );
});

test("a file with keys is confidential", async () => {
  const key = new Confidential("KEY");
  const config: Config = {
    ...CONFIG,
    secrets: [{ name: "shop/key", content: { kind: "certificate", chain: "CHAIN", key }, inFiles: false }],
  };
  const files = filesOf(await build(config, "wasm"));
  const confidential = [...files].filter(([, contents]) => contents instanceof Confidential);
  expect(confidential.map(([name]) => name)).toEqual(["xds/sds/shop%2fkey.json"]);
  expect(Buffer.from(bytesOf(confidential[0]![1])).toString()).toContain('"inline_string": "KEY"');
});
