/** What `sluice init` writes is right at once, and nothing that was there is lost. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FilesInTheWayError, init } from "../index.ts";
import { runCommandLine } from "./commands.ts";
import { Terminal } from "./terminal.ts";

const home = process.cwd();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-init-"));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

async function sluice(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const into = (name: "out" | "err") => ({
    write: (text: string) => {
      said[name] += text;
    },
  });
  const code = await runCommandLine(args, new Terminal(into("out"), into("err")));
  return { code, ...said };
}

const filesIn = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();

/** The words of a command that was printed. */
const wordsOf = (command: string) =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);

test("every command that it names succeeds, in a folder that was empty", async () => {
  const { code, out } = await sluice("init");
  expect(code).toBe(0);
  expect([...out.matchAll(/^wrote (.+)$/gm)].map(([, file]) => file).sort()).toEqual(filesIn("."));
  const commands = [...out.matchAll(/^ {2}sluice (.+)$/gm)].map(([, command]) => wordsOf(command!));
  expect(commands.map(([name]) => name)).toEqual(["check", "test", "explain", "run"]);
  for (const command of commands.filter(([name]) => name !== "run")) {
    expect(await sluice(...command, ...(command[0] === "check" ? ["--strict"] : []))).toMatchObject({
      code: 0,
    });
  }
  // As an Envoy would run them.
  expect(await sluice("build", "--config", "sluice.yaml", "--out", "build")).toMatchObject({ code: 0 });
  const coverage = await sluice(...commands[1]!, "--coverage-threshold", "100");
  expect(coverage).toMatchObject({ code: 0 });
});

test("the curl that it names is answered by the rules", async () => {
  const { out } = await sluice("init", "a folder");
  expect(out).toContain("cd 'a folder'");
  const curl = /^ {2}(curl .+)$/m.exec(out)![1]!;
  process.chdir("a folder");
  const explained = await sluice("explain", "--config", "sluice.yaml", "--curl", curl, "--at", "gateway_80");
  expect(explained.code).toBe(0);
  expect(explained.out).toContain("Hello from Envoy.");
  const { code, out: built } = await sluice("build", "--config", "sluice.yaml", "--out", "build");
  expect({ code, built }).toEqual({ code: 0, built: expect.stringContaining(":8080") });
});

test("a file that is there stays, is named, and nothing is written beside it", async () => {
  mkdirSync("rules");
  writeFileSync("rules/shop.yaml", "mine");
  writeFileSync("sluice.yaml", "mine, too");
  const { code, err } = await sluice("init", ".");
  expect(code).toBe(2);
  expect(err).toContain("rules/shop.yaml");
  expect(err).toContain("sluice.yaml");
  expect(err).not.toContain("gateway.yaml");
  expect(filesIn(".")).toEqual(["rules/shop.yaml", "sluice.yaml"]);
  expect(readFileSync("rules/shop.yaml", "utf8")).toBe("mine");
});

test("as a function it gives the files, and an error that has those in the way", async () => {
  const { written } = await init("deep/down");
  expect(written.map((file) => path.relative("deep/down", file)).sort()).toEqual(filesIn("deep/down"));
  const refused = await init("deep/down").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(FilesInTheWayError);
  expect((refused as FilesInTheWayError).files).toEqual(written);
});

test("a folder that cannot be made is a failure of the environment", async () => {
  writeFileSync("file", "");
  expect(await sluice("init", "file/below")).toMatchObject({ code: 3 });
});
