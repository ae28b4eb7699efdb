/** Keeps a running Envoy up to date: compiles again at each change, one at a time, and hands over what is good. */

import type { Compilation } from "../compile.ts";
import type { Watch } from "../source/rule-source.ts";
import type { CompiledRules } from "./compiled-rules.ts";
import { drainTime } from "./delivery/drain-time.ts";
import type { FolderDelivery } from "./delivery/folder/folder-delivery.ts";
import type { ReloadEvent } from "./session-event.ts";

export interface ReloaderOptions {
  readonly rules: CompiledRules;
  /** The directory that Envoy reads from. */
  readonly folder: Pick<FolderDelivery, "build" | "changeTo">;
  /** What it holds was made from this. */
  readonly compilation: Compilation;
  readonly onEvent: (event: ReloadEvent) => void;
}

export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #giveUp = new AbortController();
  #drainMs: number;
  #wanted = false;
  #hurry = new AbortController();
  #working: Promise<void> | undefined;
  #watch: Watch | undefined;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#drainMs = drainTime(options.compilation.config);
  }

  /** Resolves once every change from now on is noticed, and every one since the compilation. */
  async start(): Promise<void> {
    const { rules, compilation } = this.#options;
    this.#watch = await rules.watch(() => this.#onChange());
    // Getting and starting an Envoy takes its time, and nobody watched meanwhile.
    if (!(await rules.isCurrent(compilation))) {
      this.#onChange();
    }
  }

  async close(): Promise<void> {
    this.#giveUp.abort();
    await this.#watch?.close();
    // Whatever it still writes, it writes before the directory is removed.
    await this.#working;
  }

  #onChange(): void {
    this.#wanted = true;
    this.#hurry.abort();
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    while (this.#wanted && !this.#giveUp.signal.aborted) {
      this.#wanted = false;
      this.#hurry = new AbortController();
      try {
        await this.#update();
      } catch (error) {
        if (this.#giveUp.signal.aborted) {
          return;
        }
        // What went wrong with one change must not end what serves.
        this.#options.onEvent({ kind: "failed", error });
      }
    }
  }

  async #update(): Promise<void> {
    const { rules, folder, onEvent } = this.#options;
    const start = performance.now();
    const { findings, compilation } = await rules.compile();
    onEvent({ kind: "diagnostics", findings });
    if (compilation === undefined) {
      onEvent({ kind: "refused", findings });
      return;
    }
    const result = await folder.changeTo(await folder.build(compilation, rules.proxy), {
      onServing: () => onEvent({ kind: "reloaded", compilation, ms: Math.round(performance.now() - start) }),
      drainMs: this.#drainMs,
      hurry: this.#hurry.signal,
      signal: this.#giveUp.signal,
    });
    switch (result.kind) {
      case "reloaded":
        // What was not removed yet may still be asked for by requests that older rules decided.
        this.#drainMs = Math.max(result.removed ? 0 : this.#drainMs, drainTime(compilation.config));
        break;
      case "unchanged":
      case "restartNeeded":
      case "rejected":
        onEvent(result);
    }
  }
}
