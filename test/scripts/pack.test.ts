/** What `npm pack` makes, as somebody who has no checkout uses it: installed into an empty project. */

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
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
  const shipped = await readdir(home, { recursive: true });
  expect(shipped.filter((name) => !name.startsWith("dist/types/")).sort()).toEqual(
    [
      "LICENSE",
      "README.md",
      "dist",
      "dist/filter.wasm",
      "dist/index.js",
      "dist/page",
      ...["icon.svg", "index.html", "page.css", "page.js"].map((name) => `dist/page/${name}`),
      "dist/scope-worker.js",
      "dist/sluice.js",
      "dist/types",
      "package.json",
    ].sort(),
  );
  expect(shipped).toContain("dist/types/index.d.ts");
  const built = await npm(["exec", "--no", "--", "sluice", "build", "api.yaml", "--out", "out"], project);
  expect(built.code, built.stderr).toBe(0);
  const filter = await readFile(path.join(project, "out", "filter.wasm"));
  expect(filter.equals(await readFile(path.join(packageRoot().directory, "dist", "filter.wasm")))).toBe(true);

  await writeFile(path.join(project, "api.yaml"), RULES.replace("hosts:", "host:"));
  const refused = await npm(["exec", "--no", "--", "sluice", "check", "api.yaml"], project);
  expect(refused.code).toBe(1);
  expect(refused.stdout + refused.stderr).toContain("api.yaml:5:3");
});

/** Fifteen lines of somebody's build script. */
const SCRIPT = `import { createWorkspace, files, formatDiagnostics, type Explanation, writeBuild } from "sluice";

const workspace = createWorkspace({ source: files(["api.yaml"]), proxies: { edge: { meshPort: 18080 } } });
const { findings, compilation } = await workspace.compile("edge");
if (compilation === undefined) {
  console.error(formatDiagnostics(findings));
  process.exit(1);
}
const { manifest } = await writeBuild(compilation, workspace.options("edge"), "from-script");
const result = await workspace.explain("edge", "GET http://api.example/");
const explanation: Explanation | undefined = result.explanation;
const errors: number = findings.summary.errors;
const listeners = manifest.listeners.map(({ name }) => name);
await workspace.dispose();
console.log(JSON.stringify({ errors, listeners, cluster: explanation?.decision.cluster }));
`;

test("a strict TypeScript project uses the API, with no other types than Node's", {
  timeout: 180_000,
}, async () => {
  await writeFile(path.join(project, "api.yaml"), RULES);
  await writeFile(path.join(project, "script.mts"), SCRIPT);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    target: "es2023",
    lib: ["es2023"],
    module: "nodenext",
    types: ["node"],
  };
  await writeFile(
    path.join(project, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["script.mts"] }),
  );
  const ours = path.join(packageRoot().directory, "node_modules");
  await mkdir(path.join(project, "node_modules", "@types"), { recursive: true });
  for (const name of ["@types/node", "undici-types"]) {
    // A dependency may have brought another version of them.
    await rm(path.join(project, "node_modules", name), { recursive: true, force: true });
    await symlink(path.join(ours, name), path.join(project, "node_modules", name));
  }
  const tsc = path.join(ours, "typescript", "bin", "tsc");
  const checked = await runCommand(process.execPath, [tsc, "-p", "."], { cwd: project, timeoutMs: 60_000 });
  expect(checked).toMatchObject({ code: 0, stdout: "" });
  const ran = await runCommand(process.execPath, ["script.mjs"], { cwd: project, timeoutMs: 30_000 });
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(ran.stdout)).toEqual({
    errors: 0,
    listeners: ["mesh"],
    cluster: "outbound|80||api.example",
  });
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
