import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TooManyError } from "./bounded.ts";
import { searchFolder } from "./walk.ts";

let folder: string;
const put = (...names: readonly string[]) => {
  for (const name of names) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), "");
  }
};
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-walk-"));
  put("z.yaml", "a.yaml", "b/x.yaml", "b/c/y.yaml", "b/c/notes.txt");
  symlinkSync("..", path.join(folder, "b", "up"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const walk = (most?: number, isLeftOut?: (name: string, inFolder: string) => boolean) => {
  const unreadable: string[] = [];
  const { files, folders } = searchFolder(folder, {
    isWanted: (name) => name.endsWith(".yaml"),
    onUnreadable: (name) => unreadable.push(name),
    ...(most !== undefined && { most }),
    ...(isLeftOut && { isLeftOut }),
  });
  const inside = (names: readonly string[]) => names.map((name) => path.relative(folder, name));
  return { files: inside(files), folders: inside(folders), unreadable };
};

test("finds files at any depth in one order, and follows no links", () => {
  expect(walk()).toEqual({
    files: ["a.yaml", "b/c/y.yaml", "b/x.yaml", "z.yaml"],
    folders: ["", "b", "b/c"],
    unreadable: [],
  });
});

test("the order is that of kubectl: name by name", () => {
  put("b.yaml", "b-2/a.yaml");
  expect(walk().files).toEqual(["a.yaml", "b/c/y.yaml", "b/x.yaml", "b-2/a.yaml", "b.yaml", "z.yaml"]);
});

test("hidden folders and node_modules are not searched", () => {
  put(".git/x.yaml", "b/.github/x.yaml", "b/..2026_01_01/x.yaml", "b/node_modules/x/x.yaml", ".hidden.yaml");
  symlinkSync("nobody@nowhere", path.join(folder, ".#a.yaml"));
  expect(walk().files).toEqual([".hidden.yaml", "a.yaml", "b/c/y.yaml", "b/x.yaml", "z.yaml"]);
  expect(walk().folders).toEqual(["", "b", "b/c"]);
});

test("a hidden folder that is named itself is searched", () => {
  put(".hidden/x.yaml");
  const { files } = searchFolder(path.join(folder, ".hidden"), {
    isWanted: () => true,
    onUnreadable: () => {},
  });
  expect(files).toHaveLength(1);
});

test("files and folders are left out as wanted", () => {
  expect(walk(undefined, (_, inFolder) => inFolder === "b/c" || inFolder === "z.yaml").files).toEqual([
    "a.yaml",
    "b/x.yaml",
  ]);
});

test("says which folder cannot be read", () => {
  const unreadable: string[] = [];
  const gone = path.join(folder, "none");
  const { files } = searchFolder(gone, {
    isWanted: () => true,
    onUnreadable: (name) => unreadable.push(name),
  });
  expect(files).toEqual([]);
  expect(unreadable).toEqual([gone]);
});

test("gives up where there are too many", () => {
  expect(() => walk(5)).toThrow(TooManyError);
  expect(walk(8).files).toHaveLength(4);
});
