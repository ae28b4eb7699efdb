import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-start-docker-"));
  await symlink("/bin/sh", path.join(folder, "sh"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const program = (name: string, lines: string) =>
  writeFile(path.join(folder, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });

function start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const script = path.join(import.meta.dirname, "start-docker.mjs");
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { env: { PATH: folder, ...env } }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

test("a machine without what it takes is told in one line", async () => {
  const refused = (line: string) => ({ code: 3, out: "", err: `docker: ${line}\n` });
  expect(await start()).toEqual(refused("there is no program docker on PATH"));
  await program(
    "docker",
    "echo 'Cannot connect to the Docker daemon. Is the docker daemon running?' >&2; exit 1",
  );
  expect(await start()).toEqual(refused("no Docker engine answers"));
  await program("docker", "echo 'Got permission denied while trying to connect' >&2; exit 1");
  expect(await start()).toEqual(
    refused("this user may not talk to the Docker engine (it is not in the group docker)"),
  );
  await program("docker", '[ "$1" = compose ] && exit 1; echo 20.10.24');
  await program("docker-compose", "echo 1.25.0");
  expect(await start()).toEqual(refused("docker-compose 1.25.0 is too old; 1.29 or newer works"));
});

test("a wrong call is told in one line", async () => {
  expect(await start(["--twice"])).toMatchObject({
    code: 2,
    err: "docker: unknown --twice; expected --once\n",
  });
  expect(await start([], { SLUICE_PORT: "80x" })).toMatchObject({
    code: 2,
    err: 'docker: SLUICE_PORT: expected a port, got "80x"\n',
  });
});
