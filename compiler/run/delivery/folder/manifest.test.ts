import { expect, test } from "vitest";
import { makeManifest } from "./manifest.ts";

test("digests, sizes and nothing that changes by itself", () => {
  const parts = {
    sluice: "0.1.0",
    target: "wasm",
    envoy: { oldest: "1.36.2", newest: "1.40.0" },
    listeners: [{ name: "mesh", address: "0.0.0.0", port: 15001 }],
    inputs: [{ path: "rules.yaml", text: "é" }],
    files: new Map<string, string | Uint8Array>([
      ["routes/mesh.blob", new Uint8Array([1, 2, 3])],
      ["envoy.json", ""],
    ]),
  } as const;
  const manifest = makeManifest(parts);
  expect(makeManifest(parts)).toEqual(manifest);
  expect(Object.keys(manifest.files)).toEqual(["envoy.json", "routes/mesh.blob"]);
  expect(manifest.files["envoy.json"]).toEqual({
    bytes: 0,
    sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  });
  expect(manifest.files["routes/mesh.blob"]?.bytes).toBe(3);
  expect(manifest.inputs[0]?.bytes).toBe(2);
});
