import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
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

test("npm is told of each package with a script of its own, or it would warn of them in every new checkout", async () => {
  const read = async (file: string) => JSON.parse(await readFile(path.join(setup.ROOT, file), "utf8"));
  const { packages } = await read("package-lock.json");
  const { allowScripts } = await read("package.json");
  const withScripts = Object.entries<{ hasInstallScript?: boolean }>(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([folder]) => folder.replace(/^.*node_modules\//, ""));
  expect(Object.keys(allowScripts).sort()).toEqual([...new Set(withScripts)].sort());
});
