/**
 * Keeps a running Envoy up to date: compiles again at each change, one at a time, and hands over what is good, at once or when
 * somebody applies it. What may come right by itself (a port that is taken, a file that is missing, an Envoy that does not
 * answer) is tried again, and told once.
 */

import type { Compilation } from "../compile.ts";
import type { DiagnosticCode } from "../diagnostics/codes.ts";
import type { Findings } from "../diagnostics/render/report.ts";
import type { Watch } from "../source/rule-source.ts";
import { changedFiles, isSameText } from "./changed-files.ts";
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
  /** Whether what is good waits for `apply`. Default: false. */
  readonly hold?: boolean;
  /** Default: seconds, more each time. */
  readonly pause?: Pick<RetryPause, "next" | "reset">;
}

/** What a round is about, in the order in which they are made: what somebody applies, the rules as they are now, the files that rules name. */
const ROUNDS = ["apply", "rules", "files"] as const;
type Round = (typeof ROUNDS)[number];

export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #giveUp = new AbortController();
  readonly #pause: Pick<RetryPause, "next" | "reset">;
  readonly #wanted = new Set<Round>();
  /** What serves. */
  #serving: Compilation;
  /** What is good, newer, and not applied. */
  #held: Compilation | undefined;
  /** What was saved last where changes are held, if it is good; until it serves, or never will. */
  #newest: Compilation | undefined;
  /** What somebody has applied: what was held then, whatever is held by now. */
  #applied: Compilation | undefined;
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

  /** What waits for `apply`: the newest that was good, unless a newer one is wrong or takes the change back. */
  get held(): Compilation | undefined {
    return this.#held;
  }

  /** Hands over what is held, as if it had been saved just now. False when nothing is. */
  apply(): boolean {
    if (this.#held === undefined || this.#giveUp.signal.aborted) {
      return false;
    }
    this.#applied = this.#held;
    this.#onChange("apply");
    return true;
  }

  #onChange(what: Round = "rules"): void {
    this.#told.clear();
    this.#pause.reset();
    this.#begin(what);
  }

  #begin(what: Round): void {
    clearTimeout(this.#retry);
    this.#wanted.add(what);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    for (let what = this.#next(); what !== undefined; what = this.#next()) {
      this.#isDelivering = false;
      const isOver = await this.#update(what).catch((error) => {
        // What went wrong with one change must not end what serves.
        const untouched = !this.#isDelivering;
        this.#tell({ kind: "failed", error, untouched }, String((error as Error).stack ?? error));
        return false;
      });
      if (!isOver && this.#wanted.size === 0 && !this.#giveUp.signal.aborted) {
        const again = what;
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => this.#begin(again), this.#pause.next());
        this.#retry.unref();
      }
    }
  }

  #next(): Round | undefined {
    const next = this.#giveUp.signal.aborted ? undefined : ROUNDS.find((round) => this.#wanted.has(round));
    if (next !== undefined) {
      this.#wanted.delete(next);
      // What is handed over comes with its files.
      if (next === "apply" || (next === "rules" && !this.#options.hold)) {
        this.#wanted.delete("files");
      }
    }
    return next;
  }

  /** False when it has to be tried again. */
  async #update(what: Round): Promise<boolean> {
    const start = performance.now();
    if (what === "files") {
      return this.#deliver(what, this.#serving, start);
    }
    if (what === "apply") {
      const isOver = await this.#deliver(what, this.#applied!, start);
      this.#holdNewest();
      return isOver;
    }
    const { findings, compilation, held = [] } = await this.#options.rules.compile();
    const words = [findings, ...held.map((one) => one.findings)].map(wordsOf);
    this.#tell({ kind: "diagnostics", findings, held }, words.join(" "));
    if (compilation === undefined) {
      this.#held = undefined;
      this.#newest = undefined;
      this.#tell({ kind: "refused", findings }, wordsOf(findings));
      return !findings.diagnostics.some(({ code }) => MAY_COME_RIGHT.has(code));
    }
    if (this.#options.hold) {
      this.#hold(compilation);
      return true;
    }
    return this.#deliver(what, compilation, start);
  }

  #hold(compilation: Compilation): void {
    const { sources } = compilation;
    this.#newest = compilation;
    if (isSameText(sources, this.#serving.sources)) {
      this.#held = undefined;
      this.#tell({ kind: "unchanged" }, "");
    } else if (
      !this.#giveUp.signal.aborted &&
      (this.#held === undefined || !isSameText(sources, this.#held.sources))
    ) {
      this.#held = compilation;
      this.#options.onEvent({
        kind: "held",
        compilation,
        files: changedFiles(this.#serving.sources, sources),
      });
    }
  }

  /** Something else serves than what the newest was compared with: one that took a change back while that was applied. */
  #holdNewest(): void {
    if (this.#newest === undefined) {
      return;
    }
    if (isSameText(this.#newest.sources, this.#serving.sources)) {
      this.#held = undefined;
    } else {
      this.#hold(this.#newest);
    }
  }

  /** `start`: when what led to it was noticed. */
  async #deliver(what: Round, compilation: Compilation, start: number): Promise<boolean> {
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
        this.#letGo(compilation);
        onEvent({ kind: "reloaded", compilation, ms: Math.round(performance.now() - start) });
      },
      onSilence: (said) => this.#tell({ kind: "unknown", words: said }, ""),
    });
    if (result.kind === "unchanged" && what === "apply") {
      // To Envoy it is the same; what is saved next is compared with this.
      this.#serving = compilation;
    }
    if (result.kind !== "unknown" && !(result.kind === "rejected" && result.silent)) {
      this.#letGo(compilation);
    }
    // Files are asked for whenever they might have changed.
    return (what === "files" && result.kind === "unchanged") || this.#conclude(result);
  }

  /** It serves, or never will. */
  #letGo(compilation: Compilation): void {
    if (this.#held === compilation) {
      this.#held = undefined;
    }
    if (this.#newest === compilation) {
      this.#newest = undefined;
    }
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
