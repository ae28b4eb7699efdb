import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testCluster, testListener } from "../../../back/xds/testing.ts";
import type { Config } from "../../../ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../../options.ts";
import type { AdminClient } from "../../envoy/admin.ts";
import { type FolderBuild, filesOf, folderBuild } from "./build.ts";
import { FolderDelivery } from "./folder-delivery.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "sluice-folder-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const read = (name: string) => readFile(path.join(directory, name), "utf8");

const compilation = (rules: number) => {
  const config: Config = { listeners: [testListener()], clusters: [testCluster()] };
  const text = `rules ${rules}`;
  return {
    config,
    blobs: new Map([["mesh", Uint8Array.of(rules)]]),
    sources: [{ path: "rules.yaml", text, lineStarts: [0] }],
  } as never;
};
const build = (rules: number, more: Partial<ProxyOptions> = {}) =>
  folderBuild(compilation(rules), { ...DEFAULT_PROXY_OPTIONS, ...more }, directory, {
    module: Uint8Array.of(7),
  });

/** Envoy takes whatever is there, or rejects programs of one version. */
function delivery(first: FolderBuild, bad?: number) {
  let rejected = 0;
  const admin = {
    stats: async () => {
      const blob = await readFile(path.join(directory, "routes/mesh.blob")).catch(() => Buffer.of());
      rejected += blob[0] === bad ? 1 : 0;
      return new Map([["extension_config_discovery.http_filter.mesh.config_fail", rejected]]);
    },
    get: async () => {
      const { version_info } = JSON.parse(await read("xds/ecds/mesh.json"));
      return {
        status: 200,
        body: `extension_config_discovery.http_filter.mesh.version_text: "${version_info}"\n`,
      };
    },
  } as unknown as AdminClient;
  return new FolderDelivery({ directory, envoy: { admin, log: [] }, build: first });
}

test("a change leaves in the directory what a build of the new rules is", async () => {
  const folder = delivery(await build(1));
  const next = await folder.build(compilation(2), DEFAULT_PROXY_OPTIONS);
  // The module is the one that Envoy was started with: it is not read again.
  expect(next.module).toEqual(Uint8Array.of(7));
  expect(await folder.changeTo(next)).toMatchObject({ kind: "reloaded", removed: true });
  for (const [name, contents] of filesOf(next)) {
    expect(await readFile(path.join(directory, name))).toEqual(Buffer.from(contents as string | Uint8Array));
  }
  expect(await folder.changeTo(await build(2))).toEqual({ kind: "unchanged" });
});

test("a change that is rejected leaves what was there, and what lies beside it", async () => {
  const first = await build(1);
  const folder = delivery(first, 9);
  expect(await folder.changeTo(await build(9))).toMatchObject({ kind: "rejected", step: "rules" });
  expect(JSON.parse(await read("manifest.json"))).toEqual(first.manifest());
  expect(await readFile(path.join(directory, "routes/mesh.blob"))).toEqual(Buffer.of(1));
  expect(await folder.changeTo(await build(2))).toMatchObject({ kind: "reloaded" });
});

test("what only a start can change is told apart, and nothing is written", async () => {
  const folder = delivery(await build(1));
  const next = await build(2);
  const elsewhere = { ...next, bootstrap: { ...next.bootstrap, node: { id: "other", cluster: "other" } } };
  expect(await folder.changeTo(elsewhere)).toEqual({ kind: "restartNeeded" });
  await expect(read("manifest.json")).rejects.toThrow("ENOENT");
});
