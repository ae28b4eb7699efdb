/** `sluice export --to oci`: an image as Istio's agent and Envoy Gateway unpack it. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { filterModulePath } from "../../compiler/platform/package-root.ts";
import { ExportFolder } from "./folder.ts";

let folder: ExportFolder;
beforeEach(async () => {
  folder = await ExportFolder.create();
});
afterEach(() => folder.remove());

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** The bytes that a descriptor is of, if they are what it says. */
async function follow({ digest, size }: Descriptor): Promise<Buffer> {
  const bytes = await readFile(folder.at(`blobs/${digest.replace(":", "/")}`));
  expect(bytes.length).toBe(size);
  expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(digest);
  return bytes;
}

const json = async (descriptor: Descriptor) => JSON.parse(String(await follow(descriptor)));

test("a layout with one layer, which is plugin.wasm and nothing else", async () => {
  const { code, out, err } = await folder.export("", ["--to", "oci"]);
  expect(code, err).toBe(0);
  expect(JSON.parse(await readFile(folder.at("oci-layout"), "utf8"))).toEqual({
    imageLayoutVersion: "1.0.0",
  });
  const index = JSON.parse(await readFile(folder.at("index.json"), "utf8"));
  expect(index.manifests).toHaveLength(1);
  expect(out).toContain(index.manifests[0].digest);
  const manifest = await json(index.manifests[0]);
  expect(manifest).toMatchObject({
    schemaVersion: 2,
    mediaType: index.manifests[0].mediaType,
    config: { mediaType: "application/vnd.oci.image.config.v1+json" },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip" }],
  });
  const tar = gunzipSync(await follow(manifest.layers[0]));
  const config = await json(manifest.config);
  expect(config.rootfs).toEqual({
    type: "layers",
    diff_ids: [`sha256:${createHash("sha256").update(tar).digest("hex")}`],
  });
  const entries: [string, Buffer][] = [];
  for await (const entry of Readable.from([tar]).pipe(extract())) {
    entries.push([entry.header.name, await buffer(entry)]);
  }
  expect(entries.map(([name]) => name)).toEqual(["plugin.wasm"]);
  expect(entries[0]![1].equals(await readFile(filterModulePath()))).toBe(true);
});

test("the same filter is the same image", async () => {
  await folder.export("", ["--to", "oci"]);
  const first = await folder.files();
  await folder.export("", ["--to", "oci"]);
  expect(await folder.files()).toEqual(first);
});

test("nothing in it depends on the machine: the layer is stored, and names no system", async () => {
  await folder.export("", ["--to", "oci"]);
  const [layer] = [...(await folder.files()).values()].filter((bytes) => bytes.readUInt16BE() === 0x1f8b);
  expect(layer![9]).toBe(255);
  // A stored block's header: neither of the two kinds of codes.
  expect((layer![10]! >> 1) & 3).toBe(0);
  expect(layer!.length).toBeGreaterThan((await readFile(filterModulePath())).length);
});

test("it does not use rules", async () => {
  const { code, err } = await folder.export("kind: Gateway\n", ["--to", "oci"]);
  expect(code).toBe(2);
  expect(err).toContain("does not use rules");
});
