import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TooManyError } from "./bounded.ts";
import { filesIn } from "./walk.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-walk-"));
  mkdirSync(path.join(folder, "b", "c"), { recursive: true });
  for (const name of ["z.yaml", "a.yaml", "b/x.yaml", "b/c/y.yaml", "b/c/notes.txt"]) {
    writeFileSync(path.join(folder, name), "");
  }
  symlinkSync("..", path.join(folder, "b", "up"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const walk = (most?: number) => {
  const unreadable: string[] = [];
  const files = filesIn(
    folder,
    (name) => name.endsWith(".yaml"),
    (name) => unreadable.push(name),
    most,
  );
  return { files: files.map((name) => path.relative(folder, name)), unreadable };
};

test("finds files at any depth in one order, and follows no links", () => {
  expect(walk()).toEqual({ files: ["a.yaml", "b/c/y.yaml", "b/x.yaml", "z.yaml"], unreadable: [] });
});

test("says which folder cannot be read", () => {
  const unreadable: string[] = [];
  expect(
    filesIn(
      path.join(folder, "none"),
      () => true,
      (name) => unreadable.push(name),
    ),
  ).toEqual([]);
  expect(unreadable).toEqual([path.join(folder, "none")]);
});

test("gives up where there are too many", () => {
  expect(() => walk(5)).toThrow(TooManyError);
  expect(walk(8).files).toHaveLength(4);
});
