/** What `npm pack` makes, as somebody who has no checkout uses it: installed into an empty project. */

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { type CommandResult, runCommand } from "../../compiler/run/envoy/command.ts";

const RULES = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: api }
spec:
  hosts: [api.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: 127.0.0.1 }]
`;

const CASE = `name: the api
checks: [{ ask: "GET http://api.example/", expect: { status: 200 } }]
`;

let folder: string;
let packed: CommandResult;
let project: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-package-"));
  project = path.join(folder, "project with a space");
  packed = await npm(["pack", "--pack-destination", folder], packageRoot().directory);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("npm pack makes one small package, and tells the filter's digest", async () => {
  expect(packed.code, packed.stderr).toBe(0);
  expect((await readdir(folder)).filter((name) => name.endsWith(".tgz"))).toHaveLength(1);
  const digest = /sha256 ([0-9a-f]{64}) {2}dist\/filter\.wasm \(built twice, the same bytes\)/.exec(
    packed.stderr,
  )?.[1];
  const filter = await readFile(path.join(packageRoot().directory, "dist", "filter.wasm"));
  expect(digest).toBe(createHash("sha256").update(filter).digest("hex"));
});

test("npx sluice works in an empty project that installed it", { timeout: 180_000 }, async () => {
  const tarball = path.join(folder, packed.stdout.trim().split("\n").at(-1)!);
  await mkdir(project);
  await writeFile(path.join(project, "package.json"), '{ "private": true }\n');
  await writeFile(path.join(project, "api.yaml"), RULES);
  // `npm ci` has put the packages into npm's cache already.
  const installed = await npm(["install", "--prefer-offline", "--no-audit", "--no-fund", tarball], project);
  expect(installed.code, installed.stderr).toBe(0);

  const home = path.join(project, "node_modules", "sluice");
  expect((await readdir(home, { recursive: true })).sort()).toEqual(
    ["LICENSE", "README.md", "dist", "dist/filter.wasm", "dist/sluice.js", "package.json"].sort(),
  );
  const built = await npm(["exec", "--no", "--", "sluice", "build", "api.yaml", "--out", "out"], project);
  expect(built.code, built.stderr).toBe(0);
  const filter = await readFile(path.join(project, "out", "filter.wasm"));
  expect(filter.equals(await readFile(path.join(packageRoot().directory, "dist", "filter.wasm")))).toBe(true);

  await writeFile(path.join(project, "api.yaml"), RULES.replace("hosts:", "host:"));
  const refused = await npm(["exec", "--no", "--", "sluice", "check", "api.yaml"], project);
  expect(refused.code).toBe(1);
  expect(refused.stdout + refused.stderr).toContain("api.yaml:5:3");
});

test("the oldest Node that package.json promises runs it", { timeout: 180_000 }, async () => {
  const { engines } = JSON.parse(await readFile(path.join(packageRoot().directory, "package.json"), "utf8"));
  const oldest = `${engines.node.replace(">=", "")}.0`;
  const name = `node-${process.platform}-${process.arch}`;
  const other = path.join(folder, "oldest");
  await mkdir(other);
  // Not by --prefix, which would also be where npm looks for the machine's own settings.
  await writeFile(path.join(other, "package.json"), '{ "private": true }\n');
  const installed = await npm(["install", "--no-audit", "--no-fund", `${name}@${oldest}`], other);
  expect(installed.code, installed.stderr).toBe(0);
  const node = path.join(other, "node_modules", name, "bin", "node");
  expect((await runCommand(node, ["--version"])).stdout.trim()).toBe(`v${oldest}`);

  await writeFile(path.join(project, "api.yaml"), RULES);
  await writeFile(path.join(project, "cases.yaml"), CASE);
  const sluice = path.join(project, "node_modules", "sluice", "dist", "sluice.js");
  for (const args of [
    ["build", "api.yaml", "--out", "oldest"],
    ["check", "api.yaml", "--format", "sarif"],
    ["test", "api.yaml", "--cases", "cases.yaml"],
    ["explain", "api.yaml", "--request", "GET http://api.example/"],
    ["diff", "api.yaml", "api.yaml", "--exit-code"],
  ]) {
    const result = await runCommand(node, [sluice, ...args], { cwd: project, timeoutMs: 30_000 });
    expect({ args, ...result }).toMatchObject({ code: 0, stderr: "" });
  }
});

function npm(args: readonly string[], cwd: string): Promise<CommandResult> {
  // What `npm test` tells its scripts about its own project must not steer another, nor may an npm among its packages.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  env.PATH = folders.filter((one) => !one.includes("node_modules")).join(path.delimiter);
  return runCommand("npm", args, { cwd, env, timeoutMs: 170_000 });
}
