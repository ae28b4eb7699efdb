import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
// @ts-expect-error: a script for Node alone, without types
import * as setup from "./setup.mjs";

const nodeProblem = setup.nodeProblem as (version: string, range: string) => string | undefined;
const packagesMatch = setup.packagesMatch as (folder: string) => Promise<boolean>;

test.each([
  ["20.19.0", true],
  ["20.18.3", false],
  ["18.20.0", false],
  ["22.0.0", true],
  ["24.1.0", true],
])("Node %s is new enough: %s", (version, enough) => {
  expect(nodeProblem(version, ">=20.19") === undefined).toBe(enough);
});

test("packages are installed anew when one of the lock file is missing or another", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-setup-"));
  const lock = (file: string, packages: object) =>
    writeFile(path.join(folder, file), JSON.stringify({ packages }));
  const yaml = { "node_modules/yaml": { version: "2.9.1" } };
  const optional = { "node_modules/fsevents": { version: "2.3.3", optional: true } };
  try {
    await lock("package-lock.json", { "": { version: "0.1.0" }, ...yaml, ...optional });
    expect(await packagesMatch(folder)).toBe(false);
    await mkdir(path.join(folder, "node_modules"));
    await lock("node_modules/.package-lock.json", yaml);
    expect(await packagesMatch(folder)).toBe(true);
    await lock("node_modules/.package-lock.json", { "node_modules/yaml": { version: "2.9.0" } });
    expect(await packagesMatch(folder)).toBe(false);
    await lock("node_modules/.package-lock.json", {});
    expect(await packagesMatch(folder)).toBe(false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
