/**
 * Runs an Envoy: starts it, waits until it serves, passes its log on, tells how it ended and in which words, and
 * makes sure that it ends with us.
 *
 * Hot restart is turned off: nothing here uses it, it would need a base id that no other Envoy of the machine has,
 * and even an Envoy that is stopped cleanly leaves its file in shared memory behind.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { emitAdminInterface } from "../../back/xds/admin-interface.ts";
import type { ProxyOptions } from "../../options.ts";
import { EnvironmentError } from "../../platform/error.ts";
import { makeSocketFolder } from "../../platform/socket-folder.ts";
import { isAtLeast } from "../../platform/version.ts";
import { type AdminClient, ASKED_PATHS, adminClient } from "./admin.ts";
import { dockerArguments, type Mount } from "./docker.ts";
import type { EnvoyBinary } from "./find.ts";
import { readLines } from "./output-lines.ts";
import { watchOver } from "./watchdog.ts";

/** What Envoy writes to its log, and what is more severe. */
export type EnvoyLogLevel = "trace" | "debug" | "info" | "warning" | "error" | "critical" | "off";

export interface StartEnvoyOptions {
  readonly binary: EnvoyBinary;
  /** The bootstrap, JSON or YAML. An admin interface that it names is not opened: an Envoy that is run has one of its own. */
  readonly configPath: string;
  /** What else is opened for whoever asks how Envoy is; nothing if absent. */
  readonly admin?: AdminOptions;
  /** Worker threads; absent or 0 leaves it to Envoy. */
  readonly concurrency?: number;
  /** What Envoy writes to its log; `warning` when absent. */
  readonly logLevel?: EnvoyLogLevel;
  /** Levels of single components: `wasm:debug,upstream:trace`. */
  readonly componentLogLevel?: string;
  /** Each line of Envoy's log. */
  readonly onLog?: (line: string) => void;
  /** Each line that Envoy writes to its standard output: an access log, where one is written there. */
  readonly onOutput?: (line: string) => void;
  /** How long Envoy may take until it serves. */
  readonly readyTimeoutMs?: number;
  /** More arguments for Envoy. */
  readonly extraArguments?: readonly string[];
  /** Folders that the configuration names, for Docker; that of the configuration is included. */
  readonly directories?: readonly string[];
  /** Folders in which Envoy writes, such as that of a log, for Docker. */
  readonly writtenDirectories?: readonly string[];
  /** Where its own folder is made; that for temporary files if absent. */
  readonly workDirectory?: string | undefined;
  /** Temporary folders of the caller, removed after Envoy should this process be killed. */
  readonly temporaryFolders?: readonly string[];
  /** Gives up waiting and ends Envoy; has no effect once it serves. */
  readonly signal?: AbortSignal;
}

/** Where the admin interface is, and what of it on a port; see `PROXY_OPTIONS`. */
export type AdminOptions = Pick<
  ProxyOptions,
  "adminSocket" | "adminPort" | "readyPort" | "metricsPort" | "listenAddress"
>;

/** How an Envoy ended. */
export interface EnvoyExit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** True when `stop` was called before. */
  readonly expected: boolean;
  /** Envoy's own last words: its last errors, or its last lines when it named none. */
  readonly words: readonly string[];
}

/** A running Envoy. */
export interface EnvoyProcess {
  readonly binary: EnvoyBinary;
  readonly pid: number;
  readonly version: string;
  readonly admin: AdminClient;
  /** What else was opened for whoever asks how it is. */
  readonly opened: AdminOptions;
  /** The last lines of the log, oldest first. */
  readonly log: readonly string[];
  /** Settles when the process has ended, for whatever reason; never rejects. */
  readonly died: Promise<EnvoyExit>;
  /** Asks Envoy to end, and makes it after the grace time. Safe to call again. */
  stop(graceMs?: number): Promise<EnvoyExit>;
}

const READY_TIMEOUT_MS = 30_000;
const STOP_GRACE_MS = 5_000;
const LOG_LINES_KEPT = 500;
const WORDS_KEPT = 12;
const LOOK_EVERY_MS = 20;
/** How long lines of an access log may wait for others. */
const FLUSH_MS = 500;

/** Starts Envoy and returns once it serves. Throws an `EnvironmentError` with Envoy's own words when it does not. */
export async function startEnvoy(options: StartEnvoyOptions): Promise<EnvoyProcess> {
  const folder = await makeSocketFolder("sluice-envoy-", options.workDirectory);
  const { binary, admin: opened = NOTHING_OPENED } = options;
  const admin = adminClient(opened.adminSocket || path.join(folder, "admin.sock"));
  const [command, args] = commandLine(options, admin.socket, opened);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const run = superviseChild(child, [folder, ...(options.temporaryFolders ?? [])], options);
  const died = run.died.then(async (exit) => {
    await rm(folder, { recursive: true, force: true });
    return exit;
  });
  try {
    await waitUntilReady(run, admin, options.readyTimeoutMs ?? READY_TIMEOUT_MS, binary, options.signal);
    return {
      binary,
      pid: child.pid!,
      version: binary.version,
      admin,
      opened,
      log: run.log,
      died,
      stop: async (graceMs) => {
        run.stop(graceMs ?? STOP_GRACE_MS);
        return died;
      },
    };
  } catch (error) {
    run.stop(0);
    await died;
    throw error;
  }
}

function commandLine(options: StartEnvoyOptions, socket: string, opened: AdminOptions): [string, string[]] {
  const args = [
    "--config-path",
    path.resolve(options.configPath),
    // Laid over the file, whose members it replaces.
    "--config-yaml",
    JSON.stringify(emitAdminInterface({ ...opened, socket, ...allowedPaths(options.binary, opened) })),
    "--disable-hot-restart",
    // Envoy's own default lets the lines of a proxy with little to do wait for ten seconds.
    "--file-flush-interval-msec",
    String(FLUSH_MS),
    "--log-level",
    options.logLevel ?? "warning",
  ];
  if (!["trace", "debug", "info"].includes(options.logLevel ?? "warning")) {
    // One field is deprecated and written on purpose (`max_grpc_timeout`): Envoy would say so once a route.
    args.push("--skip-deprecated-logs");
  }
  const components = componentLevels(options);
  if (components !== "") {
    args.push("--component-log-level", components);
  }
  if (options.concurrency !== undefined && options.concurrency > 0) {
    args.push("--concurrency", String(options.concurrency));
  }
  args.push(...(options.extraArguments ?? []));
  if (options.binary.source !== "docker") {
    return [options.binary.path, args];
  }
  const mounts: Mount[] = [{ directory: path.dirname(socket), writable: true }];
  for (const directory of new Set([
    path.dirname(path.resolve(options.configPath)),
    ...(options.directories ?? []),
  ])) {
    mounts.push({ directory, writable: false });
  }
  mounts.push(...(options.writtenDirectories ?? []).map((directory) => ({ directory, writable: true })));
  return ["docker", dockerArguments(options.binary.path, mounts, args)];
}

const NOTHING_OPENED: AdminOptions = {
  adminSocket: "",
  adminPort: 0,
  readyPort: 0,
  metricsPort: 0,
  listenAddress: "",
};
/** What prints resources as they come, private keys among them, at the levels `debug` and `trace`. */
const PRINTS_KEYS = ["config"];

/** As `--component-log-level` wants them. */
function componentLevels({ logLevel, componentLogLevel }: StartEnvoyOptions): string {
  const isTalkative = logLevel === "debug" || logLevel === "trace";
  const kept = isTalkative ? PRINTS_KEYS.map((component) => `${component}:info`) : [];
  return [...kept, ...(componentLogLevel === undefined ? [] : [componentLogLevel])].join(",");
}

/** `allow_paths` is younger than the oldest Envoy that there is a promise for. */
const FIRST_WITH_ALLOWED_PATHS = "1.37.0";

/** Whoever wants to read the interface wants to read all of it, and everything else reaches it for a few paths only. */
function allowedPaths({ version }: EnvoyBinary, { adminSocket, adminPort }: AdminOptions) {
  return adminSocket === "" && adminPort === 0 && isAtLeast(version, FIRST_WITH_ALLOWED_PATHS)
    ? { allowPaths: ASKED_PATHS }
    : {};
}

interface Supervised {
  readonly log: string[];
  readonly died: Promise<EnvoyExit>;
  readonly exit: () => EnvoyExit | undefined;
  stop(graceMs: number): void;
}

/** Envoys that run now, ended by force when this process exits without having stopped them. */
const running = new Set<ChildProcess>();
let hooked = false;

function superviseChild(
  child: ChildProcess,
  temporaryFolders: readonly string[],
  { onLog, onOutput }: Pick<StartEnvoyOptions, "onLog" | "onOutput">,
): Supervised {
  const log: string[] = [];
  const addLine = (line: string) => {
    log.push(line);
    if (log.length > LOG_LINES_KEPT) {
      log.shift();
    }
    onLog?.(line);
  };
  createInterface({ input: child.stderr!, crlfDelay: Number.POSITIVE_INFINITY }).on("line", addLine);
  readLines(child.stdout!, (line) => onOutput?.(line));

  running.add(child);
  if (!hooked) {
    hooked = true;
    process.on("exit", () => {
      for (const left of running) {
        left.kill("SIGKILL");
      }
    });
  }
  const watchdog = child.pid === undefined ? undefined : watchOver(child.pid, temporaryFolders);

  let expected = false;
  let exit: EnvoyExit | undefined;
  let force: NodeJS.Timeout | undefined;
  const died = new Promise<EnvoyExit>((resolve) => {
    let failure: string | undefined;
    child.on("exit", () => {
      // Its id is free from here on; the log may still hold lines, so `close` settles the rest.
      running.delete(child);
      watchdog?.dismiss();
      clearTimeout(force);
    });
    child.on("error", (error) => {
      failure = error.message;
    });
    child.on("close", (code, signal) => {
      running.delete(child);
      watchdog?.dismiss();
      exit = {
        code: failure === undefined ? (code ?? undefined) : undefined,
        signal: signal ?? undefined,
        expected,
        words: failure === undefined ? lastWordsOf(log) : [failure],
      };
      resolve(exit);
    });
  });
  return {
    log,
    died,
    exit: () => exit,
    stop(graceMs) {
      if (child.exitCode !== null || child.signalCode !== null) {
        return;
      }
      expected = true;
      clearTimeout(force);
      if (graceMs <= 0) {
        child.kill("SIGKILL");
        return;
      }
      child.kill("SIGTERM");
      force = setTimeout(() => child.kill("SIGKILL"), graceMs);
    },
  };
}

async function waitUntilReady(
  run: Supervised,
  admin: AdminClient,
  timeoutMs: number,
  binary: EnvoyBinary,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let state = "has not opened its admin interface";
  for (;;) {
    signal?.throwIfAborted();
    const exit = run.exit();
    if (exit !== undefined) {
      throw new EnvironmentError(
        `Envoy ${binary.version} exited during its start (${describeExit(exit)})`,
        exit.words,
      );
    }
    const answer = await admin.ready().catch(() => undefined);
    if (answer === "LIVE") {
      await refuseRejections(admin, run.log);
      return;
    }
    if (answer !== undefined) {
      state = `is still ${answer}`;
    }
    if (Date.now() > deadline) {
      throw new EnvironmentError(`Envoy ${state} after ${timeoutMs / 1000} s`, lastWordsOf(run.log));
    }
    await Promise.race([sleep(LOOK_EVERY_MS), run.died]);
  }
}

/** Envoy goes live without what it rejected: a listener whose address it cannot open, a filter it cannot load. */
async function refuseRejections(admin: AdminClient, log: readonly string[]): Promise<void> {
  const stats = await admin.stats("update_rejected$|config_fail$|listener_create_failure$");
  const rejected = [...stats].filter(([, count]) => count > 0).map(([name]) => name);
  if (rejected.length > 0) {
    throw new EnvironmentError("Envoy rejected its configuration", [...lastWordsOf(log), ...rejected]);
  }
}

/** `exit code 1`, `signal SIGKILL`: how a process ended, in words. */
export function describeExit(exit: EnvoyExit): string {
  if (exit.signal !== undefined) {
    return `signal ${exit.signal}`;
  }
  return exit.code === undefined ? "could not be started" : `exit code ${exit.code}`;
}

/** The lines of a log that say what went wrong: its errors, or the last lines when it has none. */
export function lastWordsOf(log: readonly string[]): string[] {
  const errors: string[] = [];
  let inError = false;
  for (const line of log) {
    const level = /^\[[^\]]*\]\[\d+\]\[(\w+)\]/.exec(line)?.[1];
    if (level !== undefined) {
      inError = level === "error" || level === "critical";
    }
    // A line without a head goes on with the message before it.
    if (inError) {
      errors.push(line);
    }
  }
  return (errors.length > 0 ? errors : log).slice(-WORDS_KEPT);
}
