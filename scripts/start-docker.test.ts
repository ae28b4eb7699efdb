import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../compiler/run/stand-in/free-port.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-start-docker-"));
  await symlink("/bin/sh", path.join(folder, "sh"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const program = (name: string, lines: string) =>
  writeFile(path.join(folder, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });

const SCRIPT = path.join(import.meta.dirname, "start-docker.mjs");

function start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], { env: { PATH: folder, ...env } }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

test("a machine without what it takes is told in one line", async () => {
  const refused = (line: string) => ({ code: 3, out: "", err: `docker: ${line}\n` });
  expect(await start()).toEqual(refused("docker is not on PATH"));
  await program(
    "docker",
    "echo 'Cannot connect to the Docker daemon. Is the docker daemon running?' >&2; exit 1",
  );
  expect(await start()).toEqual(refused("the Docker engine does not answer"));
  await program("docker", "echo 'Got permission denied while trying to connect' >&2; exit 1");
  expect(await start()).toEqual(
    refused("this user has no access to the Docker engine (it is not in the group docker)"),
  );
  await program("docker", '[ "$1" = compose ] && exit 1; echo 20.10.24');
  await program("docker-compose", "echo 1.25.0");
  expect(await start()).toEqual(refused("docker-compose 1.25.0 is too old; 1.29 or newer is needed"));
});

test("a wrong call is told in one line", async () => {
  expect(await start(["--twice"])).toMatchObject({
    code: 2,
    err: "docker: unknown --twice; use --once\n",
  });
  expect(await start([], { SLUICE_PORT: "80x" })).toMatchObject({
    code: 2,
    err: 'docker: SLUICE_PORT: "80x" is not a valid port\n',
  });
});

test("what is up goes on until Ctrl-C, and is taken down", async () => {
  const port = await freePort();
  await symlink(process.execPath, path.join(folder, "node"));
  await program("docker", 'case "$1" in version) echo 27.1.0;; compose) exit 1;; image) echo 1500000;; esac');
  // Answers as the mesh would, from `up` to `down`.
  const server = `require("http").createServer((_, r) => r.end()).listen(${port}, "127.0.0.1")`;
  await program(
    "docker-compose",
    [
      `echo "$3 $4" >> ${folder}/calls`,
      'case "$*" in version*) echo 1.29.2;;',
      `*up*) node -e '${server}' >/dev/null 2>&1 & echo $! > ${folder}/pid;;`,
      `*down*) read -r pid < ${folder}/pid; kill $pid;; esac`,
    ].join("\n"),
  );
  const env = { PATH: folder, SLUICE_PORT: String(port) };
  const child = spawn(process.execPath, [SCRIPT], { env, stdio: ["ignore", "pipe", "inherit"] });
  const closed = new Promise((resolve) => child.once("close", resolve));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.includes("Ctrl-C ends")) {
      child.kill("SIGINT");
    }
  }
  expect(await closed).toBe(0);
  expect(lines).toEqual([
    "docker: engine 27.1.0, docker-compose 1.29.2",
    expect.stringMatching(/^docker: images are built \([\d.]+ s\)$/),
    expect.stringMatching(/^docker: the first routed request is answered [\d.]+ s after up$/),
    expect.stringContaining(": 1.5 MB"),
    expect.stringContaining(": 1.5 MB"),
    expect.stringContaining(": 1.5 MB"),
    expect.stringContaining(": 1.5 MB"),
    `docker: open http://127.0.0.1:${port}/productpage; Ctrl-C ends`,
  ]);
  const calls = (await readFile(path.join(folder, "calls"), "utf8")).split("\n");
  expect(calls.filter((call) => call !== "" && call !== " ")).toEqual([
    "build ",
    "up --detach",
    "down --volumes",
  ]);
});
