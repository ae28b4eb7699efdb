/** scripts/local-images.mjs on a checkout where nothing is built, with a `docker` that can pull nothing. */

import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { runCommand } from "../../compiler/run/envoy/command.ts";

const ROOT = packageRoot().directory;
/** Says what is in the image that it is to build. */
const DOCKER = `case "$1" in
version) echo 20.10.24;;
compose) echo 2.29.1;;
build) for last; do :; done; cd "$last" && { find root -name envoy; cat Dockerfile; } > "$CALLS";;
*) exit 1;;
esac
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-local-images-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function images(args: readonly string[], docker: string) {
  const bin = path.join(folder, "bin");
  await mkdir(bin, { recursive: true });
  await writeFile(path.join(bin, "docker"), `#!/bin/sh\n${docker}`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, CALLS: path.join(folder, "calls") };
  const script = path.join(folder, "checkout", "scripts", "local-images.mjs");
  return runCommand(process.execPath, [script, ...args], { env, timeoutMs: 55_000 });
}

async function checkout(): Promise<void> {
  const to = path.join(folder, "checkout");
  await cp(path.join(ROOT, "scripts"), path.join(to, "scripts"), { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) {
    await cp(path.join(ROOT, name), path.join(to, name));
  }
  await mkdir(path.join(ROOT, ".envoy"), { recursive: true });
  for (const name of ["compiler", "filter", "node_modules", ".envoy"]) {
    await symlink(path.join(ROOT, name), path.join(to, name));
  }
}

test("the image of Envoy is made of the wheel, whatever is built", async () => {
  await checkout();
  const made = await images(["--envoy-only"], DOCKER);
  expect(made, made.stderr).toMatchObject({ code: 0 });
  const calls = await readFile(path.join(folder, "calls"), "utf8");
  expect(calls).toMatch(/^root\/usr\/local\/bin\/envoy$/m);
  expect(calls).toContain("USER 101:101");
});

test("what is wrong with the machine or the call is one line", async () => {
  await checkout();
  const refused = { code: 3, stdout: "" };
  expect(await images([], "echo 'Cannot connect to the Docker daemon' >&2; exit 1\n")).toMatchObject({
    ...refused,
    stderr: "images: the Docker engine does not answer\n",
  });
  expect(await images(["--node-only"], DOCKER)).toMatchObject({
    code: 2,
    stderr: "images: unknown --node-only; use --envoy-only\n",
  });
});
