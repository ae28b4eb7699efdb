/**
 * An Envoy of the server's own that takes each revision before any proxy does. Only an Envoy knows all that an Envoy refuses; what
 * this one refuses reaches nobody. It binds no port, and no client is sent to it.
 */

import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { emitBootstrap } from "../../back/xds/bootstrap.ts";
import { EnvironmentError } from "../../platform/error.ts";
import { makeSocketFolder } from "../../platform/socket-folder.ts";
import { type AdsEnvoy, startAdsEnvoy } from "../../run/delivery/ads/ads-envoy.ts";
import { adsBootstrap } from "../../run/delivery/ads/bootstrap.ts";
import type { AdsBuilder } from "../../run/delivery/ads/build.ts";
import type { ChangeResult, LiveBuild } from "../../run/delivery/live-configuration.ts";
import { NOTHING } from "../../run/delivery/nothing.ts";
import { type EnvoyBinary, findEnvoy } from "../../run/envoy/find.ts";
import { describeExit } from "../../run/envoy/start.ts";
import type { Outcome } from "../rollout/outcome.ts";
import { unbound } from "./unbound.ts";

/** `skipped`: there is no Envoy here. */
export type ShadowAnswer = Outcome | { readonly kind: "skipped" };

export interface ShadowEnvoyOptions {
  /** Told, in a line, of the Envoy that was found, and once if there is none. */
  readonly log: (line: string) => void;
  /** How an Envoy is found, if not as `sluice run` finds one. */
  readonly find?: () => Promise<EnvoyBinary>;
  /** Where its folder is made; that for temporary files if absent. */
  readonly workDirectory?: string;
  /** How long it may take for one step of a change, if not as long as usual. */
  readonly stepTimeoutMs?: number;
}

interface Running {
  readonly envoy: AdsEnvoy;
  readonly folder: string;
}

/** Nobody is sent to it, so nothing has to stay for anybody. */
const AT_ONCE = { rules: () => 0, connections: 0 };
/** Envoy's log comes by another way than its silence. */
const LOG_MS = 50;
const SHOWN = 5;

export class ShadowEnvoy {
  readonly #options: ShadowEnvoyOptions;
  #binary: Promise<EnvoyBinary | undefined> | undefined;
  #running: Running | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  readonly #closed = new AbortController();
  /** Gives up the revision that is being tried. */
  #giveUp: AbortController | undefined;

  constructor(options: ShadowEnvoyOptions) {
    this.#options = options;
  }

  /** Starts it before somebody needs it. Throws an `EnvironmentError` when it will not start. */
  async start(): Promise<void> {
    await this.#alone(() => this.#envoy()).catch((error) => {
      // Whoever closes it meanwhile is not interested.
      if (!this.#closed.signal.aborted) {
        throw error;
      }
    });
  }

  /**
   * Gives it one build after another: what a revision is for each scope. The answer is that to the first that it does not take. A
   * newer call gives up an older one, which is then rejected.
   */
  take(builds: readonly LiveBuild[]): Promise<ShadowAnswer> {
    this.#giveUp?.abort();
    const giveUp = new AbortController();
    this.#giveUp = giveUp;
    return this.#alone(() => this.#take(builds, AbortSignal.any([giveUp.signal, this.#closed.signal])));
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#busy;
    await this.#stop();
  }

  async #take(builds: readonly LiveBuild[], signal: AbortSignal): Promise<ShadowAnswer> {
    const envoy = await this.#envoy();
    if (envoy === undefined) {
      return { kind: "skipped" };
    }
    for (const build of builds) {
      signal.throwIfAborted();
      const answer = await this.#change(envoy, build, signal);
      if (answer.kind !== "taken") {
        return answer;
      }
    }
    return { kind: "taken" };
  }

  async #change(envoy: AdsEnvoy, build: LiveBuild, signal: AbortSignal): Promise<Outcome> {
    const { live, builder, process } = envoy;
    const last = process.log.at(-1);
    const change = live.changeTo(
      { ...build, bootstrap: bootstrapOf(builder), resources: unbound(build.resources) },
      { signal },
    );
    // An Envoy that dies of a revision says nothing more on its stream.
    const result = await Promise.race([change, process.died]);
    if (!("kind" in result)) {
      change.catch(() => {});
      await this.#stop();
      return {
        kind: "refused",
        step: "rules",
        words: [`Envoy exited (${describeExit(result)})`, ...result.words],
      };
    }
    const outcome = outcomeOf(result);
    if (outcome.kind === "silent" || outcome.kind === "unknown") {
      // Whatever it has now, the next revision begins with a fresh one.
      await sleep(LOG_MS);
      await this.#stop();
      return { ...outcome, words: [...outcome.words, ...complaints(process.log, last)] };
    }
    return outcome;
  }

  /** The one that runs, or a new one; `undefined` where there is none to be had. */
  async #envoy(): Promise<AdsEnvoy | undefined> {
    const binary = await this.#find();
    if (binary === undefined || this.#closed.signal.aborted) {
      return undefined;
    }
    this.#running ??= await this.#begin(binary);
    return this.#running.envoy;
  }

  #find(): Promise<EnvoyBinary | undefined> {
    const { log, find = () => findEnvoy({ log, signal: this.#closed.signal }) } = this.#options;
    this.#binary ??= find().catch((error) => {
      if (this.#closed.signal.aborted) {
        return undefined;
      }
      if (error instanceof EnvironmentError) {
        log(`no Envoy here takes changes before the proxies do: ${error.message}`);
        return undefined;
      }
      throw error;
    });
    return this.#binary;
  }

  async #begin(binary: EnvoyBinary): Promise<Running> {
    const { workDirectory, stepTimeoutMs } = this.#options;
    const folder = await makeSocketFolder("sluice-shadow-", workDirectory);
    try {
      const envoy = await startAdsEnvoy({
        binary,
        folder,
        concurrency: 1,
        times: AT_ONCE,
        temporaryFolders: [folder],
        signal: this.#closed.signal,
        ...(stepTimeoutMs !== undefined && { stepTimeoutMs }),
        build: (builder) => ({
          drain: { requestsMs: 0, clusters: new Map() },
          filtered: new Set(),
          bootstrap: bootstrapOf(builder),
          resources: NOTHING,
        }),
      });
      void envoy.process.died.then(() => this.#forget(envoy));
      return { envoy, folder };
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async #forget(envoy: AdsEnvoy): Promise<void> {
    if (this.#running?.envoy === envoy) {
      await this.#stop();
    }
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running !== undefined) {
      await running.envoy.stop(0);
      await rm(running.folder, { recursive: true, force: true });
    }
  }

  /** One thing at a time, in their order. */
  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#busy.then(work);
    this.#busy = result.catch(() => {});
    return result;
  }
}

function bootstrapOf({ places, socket }: AdsBuilder) {
  return adsBootstrap(emitBootstrap({ places }), { servers: [{ address: `unix:${socket}`, port: 0 }] });
}

function outcomeOf(result: ChangeResult): Outcome {
  switch (result.kind) {
    case "reloaded":
    case "unchanged":
      return { kind: "taken" };
    case "rejected": {
      const { silent, step, words } = result;
      return { kind: silent ? "silent" : "refused", step, words };
    }
    case "unknown":
      return result;
    case "restartNeeded":
      throw new Error("the server's own Envoy keeps its bootstrap");
  }
}

/** What Envoy has logged of configuration that it does not take, where it does not say so on its stream. */
function complaints(log: readonly string[], last: string | undefined): string[] {
  const from = last === undefined ? 0 : log.lastIndexOf(last) + 1;
  return log
    .slice(from)
    .filter((line) => /\]\[(warning|error|critical)\]\[(config|upstream|wasm)\]/.test(line))
    .slice(0, SHOWN);
}
