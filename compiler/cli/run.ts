/** `sluice run`: compiles rules, runs an Envoy that obeys them, and with `--watch` keeps it up to date. */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type Compilation, compile } from "../compile.ts";
import { type Format, Report } from "../diagnostics/render/report.ts";
import type { SourceFile } from "../diagnostics/span.ts";
import { LoweringCache } from "../front/istio/context/lowering-cache.ts";
import type { Cluster } from "../ir/ir.ts";
import { formatSocket, socketsOf } from "../ir/sockets.ts";
import type { ProxyOptions } from "../options.ts";
import { EnvironmentError } from "../platform/error.ts";
import { NO_PROGRESS } from "../progress.ts";
import { emitBuild } from "../run/delivery/build-files.ts";
import { drainTime } from "../run/delivery/drain-time.ts";
import { reload } from "../run/delivery/reload.ts";
import { type OutputFiles, writeOutput } from "../run/delivery/write.ts";
import { findEnvoy } from "../run/envoy/find.ts";
import { portProblems } from "../run/envoy/ports.ts";
import { describeExit, type EnvoyLogLevel, type EnvoyProcess, startEnvoy } from "../run/envoy/start.ts";
import { watchNames } from "../run/envoy/unresolved-names.ts";
import { readInputs } from "../source/read.ts";
import { watchInputs } from "../source/watch.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { progressBar } from "./progress-bar.ts";
import { type CommonOptions, type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import type { Terminal } from "./terminal.ts";

export interface RunFlags extends ProxyFlags, ServeOptions {
  readonly format: Format;
}

export interface ServeOptions {
  readonly watch?: boolean;
  readonly envoyLogLevel: EnvoyLogLevel;
  /** Folders of the caller that go with Envoy, should this process be killed. */
  readonly temporaryFolders?: readonly string[];
}

/** What happens while an Envoy runs, for whoever shows it. */
export interface RunEvents {
  /** Anything that needs no more than a line; the event's name and its fields are for programs. */
  say(event: string, line: string, fields: Readonly<Record<string, unknown>>): void;
  /** After each compilation, also one without findings. */
  diagnostics(report: Report): void;
  serving(envoy: EnvoyProcess, compilation: Compilation): void;
  /** The new rules serve. */
  reloaded(compilation: Compilation, ms: number): void;
  /** Envoy did not take a step of a reload; the old rules go on. */
  rejected(step: string, words: readonly string[]): void;
  envoyLog(line: string): void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export async function runCommand(
  paths: readonly string[],
  flags: RunFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const options = await readCommonOptions(paths, flags, { listenAddress: "127.0.0.1" });
  if (flags.watch && options.paths.includes("-")) {
    throw new UsageError("--watch: standard input cannot be watched; name files or directories");
  }
  const voice = new Voice(terminal, flags.format);
  const report = new Report(options.strict);
  const progress = progressBar(terminal);
  const compilation = await compile(options.paths, options.proxy, report, progress);
  progress.done();
  voice.diagnostics(report);
  if (compilation === undefined || report.hasErrors) {
    return EXIT.rules;
  }
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of SIGNALS) {
    process.on(signal, onSignal);
  }
  try {
    return await serve(compilation, options, flags, voice, stop.signal);
  } finally {
    for (const signal of SIGNALS) {
      process.off(signal, onSignal);
    }
  }
}

/** Runs an Envoy for what was compiled, until `stop` says so or Envoy dies, which is an `EnvironmentError`. */
export async function serve(
  compilation: Compilation,
  options: CommonOptions,
  flags: ServeOptions,
  events: RunEvents,
  stop: AbortSignal,
): Promise<ExitCode> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-run-"));
  try {
    await refuseTakenPorts(compilation, options.proxy);
    const files = await emitBuild(compilation, options.proxy, folder);
    await writeOutput(folder, files);
    const binary = await findEnvoy({ log: (line) => events.say("envoy", line, {}), signal: stop });
    const envoy = await startEnvoy({
      binary,
      configPath: path.join(folder, "envoy.json"),
      concurrency: options.proxy.concurrency,
      logLevel: flags.envoyLogLevel,
      onLog: (line) => {
        if (!stop.aborted) {
          events.envoyLog(line);
        }
      },
      directories: [folder],
      temporaryFolders: [folder, ...(flags.temporaryFolders ?? [])],
      signal: stop,
    });
    let { clusters } = compilation.config;
    const names = watchNames(
      envoy.admin,
      () => clusters,
      (cluster, lost, found) => sayNames(cluster, lost, found, events),
    );
    try {
      events.serving(envoy, compilation);
      const onServing = ({ config }: Compilation) => {
        clusters = config.clusters;
      };
      const watching = flags.watch
        ? await keepUpToDate(envoy, folder, files, compilation, options, events, onServing)
        : undefined;
      const exit = await Promise.race([envoy.died, aborted(stop)]);
      await watching?.close();
      if (exit !== undefined) {
        throw new EnvironmentError(`Envoy ended (${describeExit(exit)})`, exit.words);
      }
    } finally {
      names.stop();
      await envoy.stop();
    }
  } catch (error) {
    // Told to stop before it served: whatever that broke off is no failure.
    if (!stop.aborted || error instanceof EnvironmentError) {
      throw error;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  events.say("stopped", "stopped", {});
  return EXIT.ok;
}

function sayNames({ name }: Cluster, lost: readonly string[], found: boolean, events: RunEvents): void {
  const list = lost.join(", ");
  const line = found
    ? `${list} can be resolved again`
    : `${list} cannot be resolved; requests for ${name} are answered 503`;
  events.say(found ? "resolved" : "unresolved", line, { cluster: name, names: lost });
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
    if (signal.aborted) {
      resolve(undefined);
    }
  });
}

async function refuseTakenPorts({ config }: Compilation, proxy: ProxyOptions): Promise<void> {
  const problems = await portProblems([
    ...socketsOf(config).map(({ name, address, port }) => ({ name: `listener ${name}`, address, port })),
    { name: "Envoy's admin interface (--admin-port)", address: "127.0.0.1", port: proxy.adminPort },
  ]);
  if (problems.length > 0) {
    throw new EnvironmentError(problems.join("\n"));
  }
}

interface Watching {
  close(): Promise<void>;
}

/** Compiles again at each change, one at a time, and hands what is good to the running Envoy. */
async function keepUpToDate(
  envoy: EnvoyProcess,
  folder: string,
  firstFiles: OutputFiles,
  { sources, config }: Compilation,
  options: CommonOptions,
  events: RunEvents,
  onCompiled: (compilation: Compilation) => void,
): Promise<Watching> {
  let current = firstFiles;
  let drainMs = drainTime(config);
  let wanted = false;
  let working: Promise<void> | undefined;
  const giveUp = new AbortController();
  let hurry = new AbortController();
  const cache = new LoweringCache();

  const update = async () => {
    const start = performance.now();
    const report = new Report(options.strict);
    const compilation = await compile(options.paths, options.proxy, report, NO_PROGRESS, cache);
    events.diagnostics(report);
    if (compilation === undefined || report.hasErrors) {
      events.say("refused", "the new rules have errors; the old ones go on", {});
      return;
    }
    const files = await emitBuild(compilation, options.proxy, folder);
    const onServing = () => {
      const ms = Math.round(performance.now() - start);
      onCompiled(compilation);
      events.reloaded(compilation, ms);
    };
    const result = await reload(envoy, {
      directory: folder,
      oldFiles: current,
      newFiles: files,
      onServing,
      drainMs,
      hurry: hurry.signal,
      signal: giveUp.signal,
    });
    switch (result.kind) {
      case "reloaded":
        current = result.files;
        // What was not removed yet may still be asked for by requests that older rules decided.
        drainMs = Math.max(result.removed ? 0 : drainMs, drainTime(compilation.config));
        break;
      case "unchanged":
        events.say("unchanged", "nothing changed for Envoy", {});
        break;
      case "restartNeeded":
        events.say("restartNeeded", "the change needs a new start of Envoy; the old rules go on", {});
        break;
      case "rejected":
        events.rejected(result.step, result.words);
    }
  };
  const work = async () => {
    while (wanted && !giveUp.signal.aborted) {
      wanted = false;
      hurry = new AbortController();
      try {
        await update();
      } catch (error) {
        if (giveUp.signal.aborted) {
          return;
        }
        // What went wrong with one change must not end what serves.
        events.say("failed", `could not reload: ${(error as Error).message}; the old rules go on`, {});
      }
    }
  };
  const onChange = () => {
    wanted = true;
    hurry.abort();
    working ??= work().finally(() => {
      working = undefined;
    });
  };
  const watch = await watchInputs({ paths: options.paths, onChange });
  // Getting and starting an Envoy takes its time, and nobody watched meanwhile.
  if (await haveChanged(sources, options.paths)) {
    onChange();
  }
  return {
    async close() {
      giveUp.abort();
      await watch.close();
      // Whatever it still writes, it writes before the folder is removed.
      await working;
    },
  };
}

/** Whether the input is not what was compiled any more; what is wrong with it is said when it is compiled. */
async function haveChanged(sources: readonly SourceFile[], paths: readonly string[]): Promise<boolean> {
  const now = await readInputs(paths, { report: () => {} });
  return (
    now.length !== sources.length ||
    now.some(({ path: name, text }, i) => name !== sources[i]!.path || text !== sources[i]!.text)
  );
}

/** Says what happens, as lines for people or as one JSON object a line. */
class Voice implements RunEvents {
  readonly #terminal: Terminal;
  readonly #format: Format;

  constructor(terminal: Terminal, format: Format) {
    this.#terminal = terminal;
    this.#format = format;
  }

  say(event: string, line: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#format === "json") {
      this.#terminal.out(`${JSON.stringify({ event, message: line, ...fields })}\n`);
    } else {
      this.#terminal.err(`${this.#terminal.errColors.dim("sluice:")} ${line}\n`);
    }
  }

  diagnostics(report: Report): void {
    if (this.#format === "json") {
      this.#terminal.out(`${JSON.stringify({ event: "diagnostics", ...report.toJson() })}\n`);
    } else {
      this.#terminal.err(report.renderText(this.#terminal.errColors));
    }
  }

  serving(envoy: EnvoyProcess, { config }: Compilation): void {
    const sockets = socketsOf(config);
    const listeners = sockets.map(({ name, address, port }) => ({ name, address, port }));
    const lines = sockets.map(
      ({ name, address, port, scheme }) => `  ${name}  ${scheme}://${formatSocket(address, port)}`,
    );
    const line = ["serving", ...lines, `  admin  ${envoy.adminUrl}`].join("\n");
    this.say("serving", line, { listeners, admin: envoy.adminUrl, pid: envoy.pid, version: envoy.version });
  }

  reloaded(_compilation: Compilation, ms: number): void {
    this.say("reloaded", `reloaded in ${ms} ms`, { ms });
  }

  rejected(step: string, words: readonly string[]): void {
    const line = [`Envoy rejected the ${step}; the old rules go on`, ...words].join("\n  ");
    this.say("rejected", line, { step, words });
  }

  envoyLog(line: string): void {
    if (this.#format === "json") {
      this.#terminal.out(`${JSON.stringify({ event: "log", message: line })}\n`);
    } else {
      this.#terminal.err(`${this.#terminal.errColors.dim(line)}\n`);
    }
  }
}
