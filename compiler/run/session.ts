/**
 * A session: an Envoy that obeys rules, from when it is found until it ends, kept up to date if that is wanted. What happens
 * is told as events; it prints nothing.
 */

import { rm } from "node:fs/promises";
import path from "node:path";
import { logOf } from "../back/log-of.ts";
import { FIRST_ENVOY_THAT_TRACES } from "../back/xds/tracing.ts";
import type { Compilation } from "../compile.ts";
import type { ProxyOptions } from "../options.ts";
import { EnvironmentError } from "../platform/error.ts";
import { makeSocketFolder } from "../platform/socket-folder.ts";
import { isAtLeast } from "../platform/version.ts";
import type { UnaryMethod } from "./ads/server.ts";
import type { CompiledRules } from "./compiled-rules.ts";
import { type AdsEnvoy, startAdsEnvoy } from "./delivery/ads/ads-envoy.ts";
import { drain } from "./envoy/drain.ts";
import { type EnvoyBinary, findEnvoy } from "./envoy/find.ts";
import { portProblems } from "./envoy/ports.ts";
import { describeExit, type EnvoyLogLevel, type EnvoyProcess } from "./envoy/start.ts";
import { watchNames } from "./envoy/unresolved-names.ts";
import { logFileProblems } from "./log-file.ts";
import { obstaclesTo } from "./obstacles.ts";
import { Reloader } from "./reloader.ts";
import { watchSecretFiles, withSecretsRead } from "./secret-files.ts";
import type { SessionEvent } from "./session-event.ts";
import type { FileWatch } from "./watched-files.ts";

/** Of a `Session`. */
export interface SessionOptions {
  /** What is compiled again when it changes: `rulesOf(workspace, "edge")`. */
  readonly rules: CompiledRules;
  /** What Envoy starts with. */
  readonly compilation: Compilation;
  /** Whether to keep Envoy up to date. Default: false. */
  readonly watch?: boolean;
  /** Whether a change that is good waits until `apply` is called. Certificates are renewed all the same. Default: false. */
  readonly hold?: boolean;
  /** Default: `warning`. */
  readonly envoyLogLevel?: EnvoyLogLevel;
  /** How long requests in flight may take once it is stopped, in milliseconds; 0 cuts them. Default: 5,000. */
  readonly drainMs?: number;
  /** Where the session's own folders are made; that for temporary files if absent, which a system may tidy up. */
  readonly workDirectory?: string | undefined;
  /** Folders of the caller that go with Envoy, should this process be killed. */
  readonly temporaryFolders?: readonly string[];
  /** What Envoy may call on the server that tells it what to do, such as a `Tap`'s. */
  readonly methods?: readonly UnaryMethod[];
  readonly onEvent: (event: SessionEvent) => void;
}

const DRAIN_MS = 5_000;

/** What serves in a session. */
export interface Serving {
  readonly envoy: EnvoyProcess;
  readonly compilation: Compilation;
  /** Counts from 1; one more with each change that serves. */
  readonly generation: number;
  /** Milliseconds since 1970, from when this generation serves. */
  readonly since: number;
}

/** Runs an Envoy for rules: `new Session({ … }).run()`. */
export class Session {
  readonly #options: SessionOptions;
  readonly #stop = new AbortController();
  readonly #endAtOnce = new AbortController();
  readonly #listeners = new Set<(event: SessionEvent) => void>();
  #life: Promise<void> | undefined;
  #serving: Serving | undefined;
  #reloader: Reloader | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#listeners.add(options.onEvent);
  }

  /** Absent before Envoy serves, and after it has ended. */
  get serving(): Serving | undefined {
    return this.#serving;
  }

  /** The newest change that is good and waits to be applied. */
  get held(): Compilation | undefined {
    return this.#reloader?.held;
  }

  /** Hands over what is held; events tell what becomes of it. False when nothing is held. */
  apply(): boolean {
    return this.#reloader?.apply() ?? false;
  }

  /** Calls `listener` with what happens from now on, as `onEvent`. Gives the way to end that. */
  listen(listener: (event: SessionEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Runs an Envoy until `stop` is called. Rejects with an `EnvironmentError` when there is no Envoy to be had, a port is taken, or
   * Envoy ends by itself. `serving` tells when it serves.
   */
  run(): Promise<void> {
    this.#life ??= this.#live();
    return this.#life;
  }

  /**
   * Ends Envoy, and resolves when nothing is left of it. Safe to call again, and before it serves. What is in flight has the
   * session's `drainMs`, or what is left of it, unless `drain` is false.
   */
  async stop({ drain = true }: { readonly drain?: boolean } = {}): Promise<void> {
    this.#stop.abort();
    if (!drain) {
      this.#endAtOnce.abort();
    }
    await this.#life?.catch(() => {});
  }

  async #live(): Promise<void> {
    const folder = await makeSocketFolder("sluice-run-", this.#options.workDirectory);
    try {
      await this.#serve(folder);
    } catch (error) {
      // Told to stop before it served: whatever that broke off is no failure.
      if (!this.#stop.signal.aborted || error instanceof EnvironmentError) {
        throw error;
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    this.#tell({ kind: "stopped" });
  }

  /** `serving` is up to date before anybody is told. */
  #tell(event: SessionEvent): void {
    if (event.kind === "serving") {
      const { envoy, compilation } = event;
      this.#serving = { envoy, compilation, generation: 1, since: Date.now() };
    } else if (event.kind === "reloaded" && this.#serving !== undefined) {
      const { compilation } = event;
      const generation = this.#serving.generation + 1;
      this.#serving = { ...this.#serving, compilation, generation, since: Date.now() };
    }
    for (const listener of this.#listeners) {
      listener(event);
    }
  }

  async #serve(folder: string): Promise<void> {
    const { compilation, rules, watch = false, hold = false } = this.#options;
    const onEvent = (event: SessionEvent) => this.#tell(event);
    const { proxy } = rules;
    await refuseObstacles(compilation, proxy);
    const { process: envoy, live, builder, stop } = await this.#startEnvoy(folder);
    let { config } = compilation;
    const names = watchNames(
      envoy.admin,
      () => config.clusters,
      (cluster, lost, found) => onEvent({ kind: found ? "resolved" : "unresolved", cluster, names: lost }),
    );
    let files: FileWatch | undefined;
    try {
      onEvent({ kind: "serving", envoy, compilation });
      const reloader = new Reloader({
        rules,
        live,
        compilation,
        hold,
        build: (next) => builder.build(withFiles(next), proxy),
        obstacles: (next) => obstaclesTo(next.config, config),
        onEvent: (event) => {
          if (event.kind === "reloaded") {
            ({ config } = event.compilation);
          }
          onEvent(event);
        },
      });
      this.#reloader = reloader;
      if (watch) {
        await reloader.start();
      }
      // A certificate is renewed whether or not rules may change.
      files = watchSecretFiles(
        () => config,
        () => reloader.refresh(),
      );
      const exit = await Promise.race([envoy.died, aborted(this.#stop.signal)]);
      files.stop();
      await reloader.close();
      if (exit !== undefined) {
        throw new EnvironmentError(`Envoy exited (${describeExit(exit)})`, exit.words);
      }
      await this.#drain(envoy);
    } finally {
      names.stop();
      files?.stop();
      this.#serving = undefined;
      this.#reloader = undefined;
      await stop();
    }
  }

  async #drain({ admin }: EnvoyProcess): Promise<void> {
    const { drainMs: limitMs = DRAIN_MS } = this.#options;
    const { signal } = this.#endAtOnce;
    if (limitMs === 0 || signal.aborted) {
      return;
    }
    const onWaiting = (inFlight: number) => this.#tell({ kind: "draining", inFlight, limitMs });
    const inFlight = await drain(admin, { limitMs, signal, onWaiting });
    if (inFlight > 0) {
      this.#tell({ kind: "cut", inFlight });
    }
  }

  async #startEnvoy(folder: string): Promise<AdsEnvoy> {
    const { compilation, rules, envoyLogLevel, temporaryFolders = [] } = this.#options;
    const { signal } = this.#stop;
    const binary = await findEnvoy({ log: (line) => this.#tell({ kind: "envoy", line }), signal });
    refuseOldEnvoy(binary, rules.proxy);
    const logFile = logOf(compilation.config, rules.proxy)?.path ?? "";
    return startAdsEnvoy({
      folder,
      build: (builder) => builder.build(withFiles(compilation), rules.proxy),
      binary,
      methods: this.#options.methods ?? [],
      admin: rules.proxy,
      concurrency: rules.proxy.concurrency || (compilation.config.workers ?? 0),
      ...(envoyLogLevel !== undefined && { logLevel: envoyLogLevel }),
      onLog: (line) => {
        if (!signal.aborted) {
          this.#tell({ kind: "log", line });
        }
      },
      // Also of requests that end while it drains.
      onOutput: (line) => this.#options.onEvent({ kind: "access", line }),
      writtenDirectories: path.isAbsolute(logFile) ? [path.dirname(logFile)] : [],
      workDirectory: this.#options.workDirectory,
      temporaryFolders: [folder, ...temporaryFolders],
      signal,
    });
  }
}

/** In words that help, where Envoy's own would only name a field. */
function refuseOldEnvoy({ version }: EnvoyBinary, { traceTo }: ProxyOptions): void {
  if (traceTo !== "" && !isAtLeast(version, FIRST_ENVOY_THAT_TRACES)) {
    throw new EnvironmentError(
      `--trace-to needs Envoy ${FIRST_ENVOY_THAT_TRACES} or newer, which can name spans after rules; this is ${version}`,
    );
  }
}

function withFiles({ config, blobs }: Compilation): Pick<Compilation, "config" | "blobs"> {
  return { config: withSecretsRead(config), blobs };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
    if (signal.aborted) {
      resolve(undefined);
    }
  });
}

async function refuseObstacles({ config }: Compilation, proxy: ProxyOptions): Promise<void> {
  const problems = [
    ...(await obstaclesTo(config)),
    ...(await portProblems([
      { name: "Envoy's admin interface (--admin-port)", address: "127.0.0.1", port: proxy.adminPort },
      { name: "--ready-port", address: proxy.listenAddress, port: proxy.readyPort },
      { name: "--metrics-port", address: proxy.listenAddress, port: proxy.metricsPort },
    ])),
    ...(await logFileProblems(
      logOf(config, proxy)?.path ?? "",
      proxy.accessLog === "" ? "accessLogFile of the mesh configuration" : "--access-log",
    )),
  ];
  if (problems.length > 0) {
    throw new EnvironmentError(problems.join("\n"));
  }
}
