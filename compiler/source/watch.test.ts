import { mkdir, mkdtemp, rename, rm, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type InputWatch, watchInputs } from "./watch.ts";

let folder: string;
let watch: InputWatch;
let changes: number;

const at = (...names: string[]) => path.join(folder, ...names);

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-watch-"));
  changes = 0;
  await mkdir(at("rules", "deep"), { recursive: true });
  await writeFile(at("rules", "a.yaml"), "a");
  await writeFile(at("single.yaml"), "s");
});

afterEach(async () => {
  await watch.close();
  await rm(folder, { recursive: true, force: true });
});

const start = async (...names: string[]) => {
  watch = await watchInputs({
    paths: names.map((name) => (name === "-" ? name : at(name))),
    onChange: () => changes++,
    debounceMs: 60,
  });
};

/** Waits for the next call, and that no other follows. */
const changed = async () => {
  const before = changes;
  for (let i = 0; i < 200 && changes === before; i++) {
    await sleep(10);
  }
  await sleep(150);
  return changes - before;
};

test("a write", async () => {
  await start("rules");
  await writeFile(at("rules", "a.yaml"), "b");
  expect(await changed()).toBe(1);
});

test("a new file in a folder below, and its removal", async () => {
  await start("rules");
  await writeFile(at("rules", "deep", "b.yml"), "b");
  expect(await changed()).toBe(1);
  await rm(at("rules", "deep", "b.yml"));
  expect(await changed()).toBe(1);
});

test("many writes at once are one change", async () => {
  await start("rules");
  for (let i = 0; i < 20; i++) {
    await writeFile(at("rules", `${i}.yaml`), "x");
  }
  expect(await changed()).toBe(1);
});

test("a file that an editor replaces by rename, twice", async () => {
  await start("single.yaml");
  for (const text of ["1", "2"]) {
    await writeFile(at(".single.yaml.swp"), text);
    await rename(at(".single.yaml.swp"), at("single.yaml"));
    expect(await changed()).toBe(1);
  }
});

test("a file that is deleted and made again", async () => {
  await start("single.yaml");
  await rm(at("single.yaml"));
  expect(await changed()).toBe(1);
  await writeFile(at("single.yaml"), "again");
  expect(await changed()).toBe(1);
});

test("nothing for files that are no input", async () => {
  await start("rules", "single.yaml", "-");
  await writeFile(at("rules", "notes.txt"), "x");
  await writeFile(at("other.yaml"), "x");
  await sleep(300);
  expect(changes).toBe(0);
});

test("a file that is truncated is not read before its contents are there", async () => {
  await start("single.yaml");
  await truncate(at("single.yaml"));
  await sleep(300);
  expect(changes).toBe(0);
  await writeFile(at("single.yaml"), "rules");
  expect(await changed()).toBe(1);
});

test("a file that is meant to be empty", async () => {
  await start("single.yaml");
  await truncate(at("single.yaml"));
  expect(await changed()).toBe(1);
});
