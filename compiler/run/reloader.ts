/**
 * Keeps a running Envoy up to date: compiles again at each change, one at a time, and hands over what is good. What may come
 * right by itself (a port that is taken, a file that is missing, an Envoy that does not answer) is tried again, and told
 * once.
 */

import type { Compilation } from "../compile.ts";
import type { DiagnosticCode } from "../diagnostics/codes.ts";
import type { Findings } from "../diagnostics/render/report.ts";
import type { Watch } from "../source/rule-source.ts";
import type { CompiledRules } from "./compiled-rules.ts";
import type { ChangeResult, LiveBuild, LiveConfiguration } from "./delivery/live-configuration.ts";
import { RetryPause } from "./retry-pause.ts";
import type { ReloadEvent } from "./session-event.ts";

/** Errors in rules that are none once somebody has written a file that is not of the rules. */
const MAY_COME_RIGHT: ReadonlySet<string> = new Set(["SL0445"] satisfies DiagnosticCode[]);

export interface ReloaderOptions {
  readonly rules: CompiledRules;
  /** What Envoy has. */
  readonly live: Pick<LiveConfiguration, "changeTo">;
  /** What that was made from. */
  readonly compilation: Compilation;
  readonly build: (compilation: Compilation) => LiveBuild;
  /** What the machine lacks for it, a line each; nothing when it can be served. */
  readonly obstacles: (compilation: Compilation) => Promise<readonly string[]>;
  readonly onEvent: (event: ReloadEvent) => void;
  /** Default: seconds, more each time. */
  readonly pause?: Pick<RetryPause, "next" | "reset">;
}

export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #giveUp = new AbortController();
  readonly #pause: Pick<RetryPause, "next" | "reset">;
  /** What is wanted of the next round: the rules as they are now, or the ones that serve with the files that they name. */
  #wanted: "rules" | "files" | undefined;
  /** What serves. */
  #serving: Compilation;
  #isDelivering = false;
  #working: Promise<void> | undefined;
  #watch: Watch | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** What was told since the last change of the rules: a try that comes to the same is not told again. */
  readonly #told = new Set<string>();

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#serving = options.compilation;
    this.#pause = options.pause ?? new RetryPause();
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
    clearTimeout(this.#retry);
    await this.#watch?.close();
    await this.#working;
  }

  /** What serves is built once more: a file that its rules name has changed, but not the rules. */
  refresh(): void {
    this.#onChange("files");
  }

  #onChange(what: "rules" | "files" = "rules"): void {
    this.#told.clear();
    this.#pause.reset();
    this.#begin(what);
  }

  #begin(what: "rules" | "files"): void {
    clearTimeout(this.#retry);
    // New rules come with their files.
    this.#wanted = this.#wanted === "rules" ? "rules" : what;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    while (this.#wanted !== undefined && !this.#giveUp.signal.aborted) {
      const what = this.#wanted;
      this.#wanted = undefined;
      this.#isDelivering = false;
      const isOver = await this.#update(what).catch((error) => {
        // What went wrong with one change must not end what serves.
        const untouched = !this.#isDelivering;
        this.#tell({ kind: "failed", error, untouched }, String((error as Error).stack ?? error));
        return false;
      });
      if (!isOver && this.#wanted === undefined && !this.#giveUp.signal.aborted) {
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => this.#begin(what), this.#pause.next());
        this.#retry.unref();
      }
    }
  }

  /** False when it has to be tried again. */
  async #update(what: "rules" | "files"): Promise<boolean> {
    const start = performance.now();
    if (what === "files") {
      return this.#deliver(what, this.#serving, start);
    }
    const { findings, compilation, held = [] } = await this.#options.rules.compile();
    const words = [findings, ...held.map((one) => one.findings)].map(wordsOf);
    this.#tell({ kind: "diagnostics", findings, held }, words.join(" "));
    if (compilation === undefined) {
      this.#tell({ kind: "refused", findings }, wordsOf(findings));
      return !findings.diagnostics.some(({ code }) => MAY_COME_RIGHT.has(code));
    }
    return this.#deliver(what, compilation, start);
  }

  /** `start`: when what led to it was noticed. */
  async #deliver(what: "rules" | "files", compilation: Compilation, start: number): Promise<boolean> {
    const { live, build, obstacles, onEvent } = this.#options;
    const words = await obstacles(compilation);
    if (words.length > 0) {
      this.#tell({ kind: "blocked", words }, words.join("\n"));
      return false;
    }
    const next = build(compilation);
    this.#isDelivering = true;
    const result = await live.changeTo(next, {
      signal: this.#giveUp.signal,
      onServing: () => {
        this.#serving = compilation;
        onEvent({ kind: "reloaded", compilation, ms: Math.round(performance.now() - start) });
      },
      onSilence: (said) => this.#tell({ kind: "unknown", words: said }, ""),
    });
    // Files are asked for whenever they might have changed.
    return (what === "files" && result.kind === "unchanged") || this.#conclude(result);
  }

  #conclude(result: ChangeResult): boolean {
    switch (result.kind) {
      case "reloaded":
        return true;
      case "unchanged":
      case "restartNeeded":
        this.#tell(result, "");
        return true;
      case "rejected": {
        const { step, words, silent: again } = result;
        this.#tell({ kind: "rejected", step, words, again }, words.join("\n"));
        return !again;
      }
      case "unknown":
        this.#tell(result, "");
        return false;
    }
  }

  /** `what` is all that makes it different from another event of its kind. */
  #tell(event: ReloadEvent, what: string): void {
    const key = `${event.kind} ${what}`;
    if (!this.#told.has(key) && !this.#giveUp.signal.aborted) {
      this.#told.add(key);
      this.#options.onEvent(event);
    }
  }
}

function wordsOf({ diagnostics }: Findings): string {
  return JSON.stringify(diagnostics);
}
