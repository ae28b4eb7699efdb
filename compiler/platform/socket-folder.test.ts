import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EnvironmentError } from "./error.ts";
import { makeSocketFolder } from "./socket-folder.ts";

let outer: string;
const made: string[] = [];
beforeEach(async () => {
  outer = await mkdtemp(path.join(os.tmpdir(), "sluice-sockets-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const folder of [outer, ...made.splice(0)]) {
    await rm(folder, { recursive: true, force: true });
  }
});

async function deep(): Promise<string> {
  const folder = path.join(outer, "d".repeat(100));
  await mkdir(folder);
  return folder;
}

async function make(parent?: string): Promise<string> {
  const folder = await makeSocketFolder("sluice-x-", parent);
  made.push(folder);
  return folder;
}

test("only its owner may enter", async () => {
  const folder = await make(outer);
  expect(path.dirname(folder)).toBe(outer);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test("a TMPDIR that is too deep for sockets is left alone", async () => {
  vi.stubEnv("TMPDIR", await deep());
  const server = createServer();
  const socket = path.join(await make(), "admin.sock");
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socket, resolve));
  await new Promise((resolve) => server.close(resolve));
});

test("a folder that somebody names and that is too deep, or not there, is an error in words", async () => {
  const folder = await deep();
  const complaint = (parent: string) => make(parent).catch((error: unknown) => error);
  expect(await complaint(folder)).toBeInstanceOf(EnvironmentError);
  expect(String(await complaint(folder))).toContain("is too long for Unix sockets");
  await writeFile(path.join(outer, "file"), "");
  expect(String(await complaint(path.join(outer, "file")))).toContain("cannot make a directory in");
  expect(path.dirname(await make(path.join(outer, "new")))).toBe(path.join(outer, "new"));
});
