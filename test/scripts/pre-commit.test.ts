/** .pre-commit-hooks.yaml, as pre-commit itself runs it at a commit. */

import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { type CommandResult, runCommand } from "../../compiler/run/envoy/command.ts";
import { installPreCommit } from "./install-pre-commit.ts";

const ROOT = packageRoot().directory;
/** What a hook needs of this repository; built already, and with its packages, which the first run would see to. */
const REPOSITORY = [
  ".pre-commit-hooks.yaml",
  "package.json",
  "package-lock.json",
  "asconfig.json",
  "compiler",
  "filter",
  "scripts",
  "dist/.build.json",
  "dist/filter.wasm",
  "dist/sluice.js",
];
const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  http:
    - name: api
      match: [{ uri: { prefix: /api/ } }]
      directResponse: { status: 204 }
`;
const CASE = "name: the api\nchecks: [{ ask: GET http://shop.example/api/1, expect: { status: 204 } }]\n";

let folder: string;
let rules: string;
let program: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-pre-commit-"));
  program = await installPreCommit();
  const hooks = path.join(folder, "hooks");
  for (const name of REPOSITORY) {
    await cp(path.join(ROOT, name), path.join(hooks, name), { recursive: true });
  }
  await symlink(path.join(ROOT, "node_modules"), path.join(hooks, "node_modules"));
  const rev = await committed(hooks);

  rules = path.join(folder, "rules of shop");
  for (const name of ["rules", "tests"]) {
    await mkdir(path.join(rules, name), { recursive: true });
  }
  await write("rules/shop.yaml", RULES);
  await write("tests/shop.yaml", CASE);
  await write(
    ".pre-commit-config.yaml",
    JSON.stringify({
      repos: [
        {
          repo: `file://${hooks}`,
          rev,
          hooks: [
            { id: "sluice-check", files: "^rules/", args: ["rules/"] },
            { id: "sluice-test", files: "^(rules|tests)/", args: ["rules/", "--cases", "tests/"] },
          ],
        },
      ],
    }),
  );
  await committed(rules);
  expect(await run(program, ["install"], rules)).toMatchObject({ code: 0 });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("pre-commit takes the manifest", async () => {
  const manifest = path.join(ROOT, ".pre-commit-hooks.yaml");
  expect(await run(program, ["validate-manifest", manifest], rules)).toMatchObject({ code: 0, stderr: "" });
});

test("a commit of good rules is made, and one without rules is not checked", async () => {
  await write("rules/shop.yaml", RULES.replace("[shop", "[www.shop.example, shop"));
  const { code, stderr } = await commit();
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/sluice check\.+Passed\nsluice test\.+Passed/);
  await write("notes.txt", "none of our business\n");
  expect((await commit()).stderr).toMatch(/sluice check\.+\(no files to check\)Skipped/);
});

test("a mistake, and a test that fails, stop the commit and are shown", async () => {
  await write("rules/shop.yaml", RULES.replace("prefix: /api/", "prefix: 7"));
  const wrong = await commit();
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/sluice check\.+Failed/);
  expect(wrong.stderr).toMatch(/rules\/shop\.yaml:8:\d+: error\[SL\d{4}\]/);
  await write("rules/shop.yaml", RULES.replace("204", "418"));
  const failed = await commit();
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/sluice check\.+Passed\nsluice test\.+Failed/);
  expect(failed.stderr).toContain("tests/shop.yaml:2:");
});

const write = (name: string, text: string) => writeFile(path.join(rules, name), text);

async function commit(): Promise<CommandResult> {
  await run("git", ["add", "--all"], rules);
  return run("git", ["commit", "--quiet", "--message", "a change"], rules);
}

/** Makes a repository of a folder; gives its commit. */
async function committed(directory: string): Promise<string> {
  for (const args of [
    ["init", "--quiet"],
    ["add", "--all", "--force"],
    ["commit", "--quiet", "--message", "all"],
  ]) {
    expect(await run("git", args, directory)).toMatchObject({ code: 0 });
  }
  return (await run("git", ["rev-parse", "HEAD"], directory)).stdout.trim();
}

function run(command: string, args: readonly string[], cwd: string): Promise<CommandResult> {
  const who = { NAME: "a", EMAIL: "a@b.example" };
  const identity = Object.entries(who).flatMap(([name, value]) => [
    [`GIT_AUTHOR_${name}`, value],
    [`GIT_COMMITTER_${name}`, value],
  ]);
  const env = {
    ...Object.fromEntries(identity),
    PATH: process.env.PATH,
    HOME: folder,
    PRE_COMMIT_HOME: path.join(folder, "cache"),
  };
  return runCommand(command, args, { cwd, env, timeoutMs: 60_000 });
}
