/**
 * One proxy of the fleet: its stream, what it shall have and what it has. It is brought from one revision to the next step by step;
 * when a newer one is wanted meanwhile, the steps of the older one are given up.
 */

import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { ProxyOptions } from "../../options.ts";
import { AdsClient } from "../../run/ads/client.ts";
import type { AdsCodec, Decoded } from "../../run/ads/codec.ts";
import type { AdsStream } from "../../run/ads/server.ts";
import type { Turns } from "../../run/ads/turns.ts";
import { AdsDelivery } from "../../run/delivery/ads/ads-delivery.ts";
import { type LiveBuild, LiveConfiguration } from "../../run/delivery/live-configuration.ts";
import { NOTHING } from "../../run/delivery/nothing.ts";
import type { StepName } from "../../run/delivery/steps.ts";
import { RetryPause } from "../../run/retry-pause.ts";
import type { ProxyNode } from "../model/node.ts";
import type { ProxyState } from "../model/report.ts";
import type { Scope } from "../model/scope.ts";
import { hasAnything, reportedBuild } from "./reported-build.ts";

/** A revision, as the proxies of one scope are told it. */
export interface Target {
  readonly revision: string;
  readonly build: LiveBuild;
  /** Of other revisions, which the proxy may have had from another server. Asked only when one comes from there. */
  readonly others: () => readonly LiveBuild[];
}

/** What came of bringing a proxy to a revision. */
export type Outcome =
  | { readonly kind: "taken" }
  /** It serves by what it had before. */
  | { readonly kind: "refused"; readonly step: StepName; readonly words: readonly string[] }
  /** It has not acknowledged within the time of a step, and serves by what it had before. */
  | { readonly kind: "silent"; readonly step: StepName; readonly words: readonly string[] }
  /** It has not acknowledged what it had before either: nobody knows what it serves by. */
  | { readonly kind: "unknown"; readonly words: readonly string[] };

/** For the first messages of a stream. */
const REPORT_MS = 100;

export interface ProxyLineOptions {
  readonly node: ProxyNode;
  readonly claimed: ProxyOptions;
  readonly scope: Scope;
  readonly codec: AdsCodec;
  /** Of all proxies of the server. */
  readonly turns: Turns;
  /** Told of every outcome but that endpoints have changed. `ms`: from when the revision was wanted of it. */
  readonly onOutcome: (line: ProxyLine, revision: string, outcome: Outcome, ms: number) => void;
  /** Its state is another one. */
  readonly onState: (line: ProxyLine) => void;
}

export class ProxyLine {
  readonly #options: ProxyLineOptions;
  readonly #client: AdsClient;
  readonly #delivery: AdsDelivery;
  readonly #pause = new RetryPause();
  node: ProxyNode;
  /** What it says of itself, whether or not any rule asks about it. */
  claimed: ProxyOptions;
  /** By the rules that it shall have. */
  scope: Scope;
  #live: LiveConfiguration | undefined;
  #stream: AdsStream | undefined;
  #onProblem: (line: string) => void = () => {};
  #wanted: Target | undefined;
  #wantedSince = 0;
  #revision: string | undefined;
  #words: readonly string[] | undefined;
  #state: ProxyState = "joining";
  #since = new Date();
  /** Gives up the change that is under way, since something newer is wanted. */
  #overtake: AbortController | undefined;
  /** Gives up whatever is under way. */
  readonly #closing = new AbortController();
  #working: Promise<void> | undefined;
  #isWorking = false;
  /** Another revision was wanted of it, and nothing has come of that yet. */
  #owesAnswer = false;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ProxyLineOptions) {
    this.#options = options;
    this.node = options.node;
    this.claimed = options.claimed;
    this.scope = options.scope;
    this.#client = new AdsClient({ ...options, onProblem: (line) => this.#onProblem(line) });
    this.#delivery = new AdsDelivery({ client: this.#client, envoyVersion: () => this.node.version });
  }

  get id(): string {
    return this.node.id;
  }

  get state(): ProxyState {
    return this.#state;
  }

  get since(): Date {
    return this.#since;
  }

  /** What it has acknowledged last. */
  get revision(): string | undefined {
    return this.#revision;
  }

  get wanted(): string | undefined {
    return this.#wanted?.revision;
  }

  get words(): readonly string[] | undefined {
    return this.#words;
  }

  get isConnected(): boolean {
    return this.#stream !== undefined;
  }

  /**
   * The newest stream is the one that counts. `first` is its first message. `onProblem` is told, in a line, of what the proxy does
   * wrong on it.
   */
  attach(stream: AdsStream, first: Decoded, onProblem: (line: string) => void): void {
    this.#onProblem = onProblem;
    this.#stream = stream;
    this.#client.attach(stream, first);
    stream.onEnd(() => {
      if (this.#stream === stream) {
        this.#stream = undefined;
        this.#enter("lost");
      }
    });
    this.#enter(this.#revision === undefined ? "joining" : this.#settledState());
    this.#begin();
  }

  /** From now on it shall have this. */
  moveTo(target: Target): void {
    if (this.#wanted?.build === target.build && this.#wanted.revision === target.revision) {
      return;
    }
    const isOther = this.#wanted?.revision !== target.revision;
    this.#wanted = target;
    this.#pause.reset();
    if (isOther) {
      this.#owesAnswer = true;
      // Other endpoints alone come after the rules that are under way.
      this.#wantedSince = performance.now();
      this.#overtake?.abort();
    }
    this.#begin();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#closing.abort();
    this.#overtake?.abort();
    this.#stream?.end();
    await this.#working;
    await this.#live?.close();
  }

  #begin(): void {
    clearTimeout(this.#retry);
    if (!this.#isWorking) {
      this.#isWorking = true;
      this.#working = this.#work();
    }
  }

  async #work(): Promise<void> {
    let done: Target | undefined;
    try {
      while (this.#wanted !== undefined && this.#wanted !== done && this.isConnected && !this.#isClosed) {
        const target = this.#wanted;
        const overtake = new AbortController();
        this.#overtake = overtake;
        if (this.#state === "current" && target.revision !== this.#revision) {
          this.#enter("behind");
        }
        const outcome = await this.#move(target, overtake.signal).catch((error): Outcome | undefined => {
          if (overtake.signal.aborted) {
            return undefined;
          }
          throw error;
        });
        // There is nothing of it left to be given up.
        this.#overtake = undefined;
        if (outcome !== undefined) {
          done = target;
          this.#conclude(target, outcome);
        }
      }
    } finally {
      // In the same breath as the last look at what is wanted: whoever wants something from now on begins anew.
      this.#isWorking = false;
    }
  }

  async #move({ build, others }: Target, signal: AbortSignal): Promise<Outcome> {
    const live = this.#live ?? (await this.#resume(() => [build, ...others()], signal));
    if (live === undefined) {
      const answer = await this.#delivery.take(
        { name: "listeners", from: NOTHING, to: build.resources },
        signal,
      );
      if (answer.kind === "accepted") {
        this.#live = new LiveConfiguration({ delivery: this.#delivery, build });
        return { kind: "taken" };
      }
      const kind = answer.kind === "rejected" ? "refused" : "silent";
      return { kind, step: "listeners", words: answer.words };
    }
    const result = await live.changeTo(build, { signal: this.#closing.signal, overtaken: signal });
    switch (result.kind) {
      case "reloaded":
      case "unchanged":
        return { kind: "taken" };
      case "rejected":
        return { kind: result.silent ? "silent" : "refused", step: result.step, words: result.words };
      case "unknown":
        return result;
      case "restartNeeded":
        throw new Error("a proxy of a fleet keeps its bootstrap");
    }
  }

  /** Goes on from what the proxy has already. `undefined` when it has nothing, or not what it says. */
  async #resume(
    known: () => readonly LiveBuild[],
    signal: AbortSignal,
  ): Promise<LiveConfiguration | undefined> {
    if (!hasAnything(this.#client.reported)) {
      return undefined;
    }
    await this.#reportedInFull(signal);
    const build = reportedBuild(this.#client.reported, known());
    if (build === undefined) {
      return undefined;
    }
    const { resources } = build;
    const answer = await this.#delivery.take({ name: "rules", from: resources, to: resources }, signal);
    if (answer.kind === "accepted") {
      this.#live = new LiveConfiguration({ delivery: this.#delivery, build });
    }
    return this.#live;
  }

  /**
   * It says of each type what it has, in messages that come together. How busy the server is must not matter: where it computes
   * for longer, the time is over before it has read what waits for it.
   */
  async #reportedInFull(signal: AbortSignal): Promise<void> {
    const { reported } = this.#client;
    for (let before = 0; before !== reported.size; ) {
      before = reported.size;
      await sleep(REPORT_MS, undefined, { signal });
      // Sockets are read between timers and this.
      await setImmediate();
    }
  }

  #conclude({ revision }: Target, outcome: Outcome): void {
    // One that goes back to what it had, before or after it took anything else, says so as well.
    const isNews = outcome.kind !== "taken" || revision !== this.#revision || this.#owesAnswer;
    this.#owesAnswer = false;
    if (outcome.kind === "taken") {
      this.#revision = revision;
      this.#words = undefined;
    } else {
      this.#words = outcome.words;
    }
    if (this.isConnected) {
      this.#enter(stateAfter(outcome) ?? this.#settledState());
    }
    if (isNews) {
      this.#options.onOutcome(this, revision, outcome, performance.now() - this.#wantedSince);
    }
    if (
      (outcome.kind === "silent" || outcome.kind === "unknown") &&
      this.#wanted?.revision === revision &&
      !this.#isClosed
    ) {
      this.#retry = setTimeout(() => this.#begin(), this.#pause.next());
      this.#retry.unref();
    }
  }

  #settledState(): ProxyState {
    return this.#revision === this.#wanted?.revision ? "current" : "behind";
  }

  #enter(state: ProxyState): void {
    if (this.#state !== state) {
      this.#state = state;
      this.#since = new Date();
      this.#options.onState(this);
    }
  }
}

function stateAfter({ kind }: Outcome): ProxyState | undefined {
  switch (kind) {
    case "taken":
      return undefined;
    case "refused":
      return "refused";
    case "silent":
    case "unknown":
      return "silent";
  }
}
