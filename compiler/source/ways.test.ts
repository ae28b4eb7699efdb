import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stepsTo } from "./ways.ts";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "sluice-ways-")));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The steps below the folder. */
const steps = (name: string) =>
  stepsTo(path.join(folder, name))
    .map(({ directory, name: entry }) => path.relative(folder, path.join(directory, entry)))
    .filter((entry) => entry !== "" && !entry.startsWith(`..${path.sep}`) && entry !== "..");

test("each directory on the way has an entry that matters", () => {
  expect(stepsTo("/a/b")).toEqual([
    { directory: "/", name: "a" },
    { directory: "/a", name: "b" },
  ]);
});

test("a mounted ConfigMap: the visible link, the link to the data, and the file in it", () => {
  mkdirSync(path.join(folder, "..2026"));
  writeFileSync(path.join(folder, "..2026", "rules.yaml"), "");
  symlinkSync("..2026", path.join(folder, "..data"));
  symlinkSync("..data/rules.yaml", path.join(folder, "rules.yaml"));
  expect(steps("rules.yaml")).toEqual(["rules.yaml", "..data", "..2026", "..2026/rules.yaml"]);
});

test("links that lead out, up, and to what is not there", () => {
  mkdirSync(path.join(folder, "a", "b"), { recursive: true });
  symlinkSync(path.join(folder, "releases", "1"), path.join(folder, "current"));
  symlinkSync("../gone", path.join(folder, "a", "up"));
  expect(steps("current/rules")).toEqual(["current", "releases", "releases/1", "releases/1/rules"]);
  expect(steps("a/up/x")).toEqual(["a", "a/up", "gone", "gone/x"]);
});

test("links in a circle have an end", () => {
  symlinkSync("two", path.join(folder, "one"));
  symlinkSync("one", path.join(folder, "two"));
  expect(new Set(steps("one"))).toEqual(new Set(["one", "two"]));
});
