import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeStaleSocket } from "./stale-socket.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-stale-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a socket of a killed process goes, and nothing else", async () => {
  const left = path.join(folder, "left");
  const kill = `require("node:net").createServer().listen(${JSON.stringify(left)}, () => process.kill(process.pid, 9))`;
  expect(() => execFileSync(process.execPath, ["-e", kill], { stdio: "ignore" })).toThrow();
  const file = path.join(folder, "file");
  writeFileSync(file, "");
  const used = path.join(folder, "used");
  const server = net.createServer().listen(used);
  await new Promise((resolve) => server.once("listening", resolve));
  expect(existsSync(left)).toBe(true);
  for (const one of [left, file, used, path.join(folder, "absent")]) {
    await removeStaleSocket(one);
  }
  expect([left, file, used].map(existsSync)).toEqual([false, true, true]);
  server.close();
});
