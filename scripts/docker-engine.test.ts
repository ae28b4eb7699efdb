import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
// @ts-expect-error: a script, not typed
import { composeProblem, engineProblem, findDocker, upProblem } from "./docker-engine.mjs";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-docker-"));
  vi.stubEnv("PATH", folder);
  await symlink("/bin/sh", path.join(folder, "sh"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const program = (name: string, lines: string) =>
  writeFile(path.join(folder, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });

test("without docker", async () => {
  expect(await findDocker("linux")).toEqual({ problem: "docker is not on PATH" });
});

test("docker without an engine, and one that this user may not ask", async () => {
  await program(
    "docker",
    "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2; exit 1",
  );
  expect(await findDocker("linux")).toEqual({ problem: "the Docker engine does not answer" });
  await program("docker", "echo 'permission denied while trying to connect to the socket' >&2; exit 1");
  expect((await findDocker("linux")).problem).toContain("this user has no access");
});

test("Compose is the plug-in, else the program, if it is new enough", async () => {
  await program("docker", '[ "$1" = compose ] && exit 1; echo 20.10.24');
  expect((await findDocker("linux")).problem).toBe("neither docker compose nor docker-compose is installed");
  await program("docker-compose", "echo 1.25.0");
  expect((await findDocker("linux")).problem).toBe(
    "docker-compose 1.25.0 is too old; 1.29 or newer is needed",
  );
  await program("docker-compose", "echo 1.29.2");
  expect(await findDocker("linux")).toMatchObject({ engine: "20.10.24", compose: ["docker-compose"] });
  await program("docker", '[ "$1" = compose ] && { echo v2.29.1; exit; }; echo 27.1.0');
  expect(await findDocker("linux")).toMatchObject({ engine: "27.1.0", compose: ["docker", "compose"] });
});

test("elsewhere than on Linux", async () => {
  expect((await findDocker("darwin")).problem).toContain("on Linux only");
});

test("versions and words", () => {
  expect(composeProblem("2.0.0")).toBeUndefined();
  expect(composeProblem("1.28.6")).toContain("too old");
  expect(engineProblem("")).toBe("docker version failed: no output");
});

test("what docker compose says of a taken port, a taken network and refused rules", () => {
  const of = (words: string) => upProblem(words, { port: "8080", subnet: "198.51.100" });
  const taken = "port 8080 of this machine is already in use; choose another with SLUICE_PORT";
  expect(of("Bind for 127.0.0.1:8080 failed: port is already allocated")).toBe(taken);
  expect(of("listen tcp4 127.0.0.1:8080: bind: address already in use")).toBe(taken);
  expect(of("Pool overlaps with other one on this address space")).toContain(
    "another network uses 198.51.100.0/24",
  );
  expect(of('ERROR: for envoy  Container "e29cf0859843" exited with code 1.')).toBe("the rules were refused");
  expect(of(`service "rules" didn't complete successfully: exit 1`)).toBe("the rules were refused");
  expect(of("no space left on device")).toBeUndefined();
});
