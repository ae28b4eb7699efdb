import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { logFileProblems } from "./log-file.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-log-"));
  await writeFile(path.join(folder, "there.log"), "");
  execFileSync("mkfifo", [path.join(folder, "pipe")]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(["", "-", "/dev/null"])("%j can be written", async (file) => {
  expect(await logFileProblems(file)).toEqual([]);
});

test.each(["there.log", "new.log"])("%s in a folder can be written", async (name) => {
  expect(await logFileProblems(path.join(folder, name))).toEqual([]);
});

test.each([
  ["", /is a directory; name a file in it/],
  ["missing/a.log", /missing does not exist; create it/],
  ["there.log/a.log", /there\.log/],
  ["pipe", /is not a file/],
])("%s is said to be no place for a log", async (name, words) => {
  const [problem] = await logFileProblems(path.join(folder, name));
  expect(problem).toMatch(words);
  expect(problem).toMatch(/^--access-log: /);
});
