/**
 * Watches what the rules of a running Envoy do, for as long as somebody looks: all who look share one reading of Envoy, it is
 * asked as seldom as its answers are dear, and when nobody looks it is not asked at all.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../ir/ir.ts";
import type { AdminClient } from "../run/envoy/admin.ts";
import type { Session } from "../run/session.ts";
import { changesBetween } from "./changes.ts";
import { Ledger } from "./ledger.ts";
import type { LiveReport } from "./live-report.ts";
import type { Reading } from "./reading.ts";
import { scrape } from "./scrape.ts";
import { listenersOf, type Splits, splitsOf, splitsOfWeights } from "./splits.ts";

/** What somebody who looks is told. */
export type LiveUpdate =
  /** `whole`: all that has counted something. Otherwise what has changed since the report before. */
  | { readonly kind: "report"; readonly whole: boolean; readonly report: LiveReport }
  /** Envoy does not answer, since some moment; what was told before is old. */
  | { readonly kind: "silent"; readonly since: number; readonly why: string };

/**
 * A session, whose compiled rules say which weights are wanted; an Envoy of somebody else, whose statistics say it; or whoever has
 * readings, and says both.
 */
export type LiveSource =
  | Pick<Session, "serving" | "listen">
  | { readonly admin: Pick<AdminClient, "get"> }
  | ReadingSource;

export interface ReadingSource {
  read(at: number): Reading;
  /** What rules are to split now, and since when: see `Ledger`. */
  splits(): { readonly splits: Splits; readonly since: number };
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds from any moment on, in fractions. */
  precise(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const REAL_CLOCK: Clock = {
  now: Date.now,
  precise: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
};

/** At most one per cent of Envoy's time is spent on answers, as far as somebody who watches can wait for the next. */
const SHARE_OF_TIME = 0.01;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;
/** Until a few readings have been taken, what the first one took says little: a browser that starts has the machine busy. */
const LONGEST_FIRST_PAUSE_MS = 2_000;
const FIRST_COSTS = 3;
/** Of readings: on a busy machine the one that was disturbed least says what Envoy did. */
const COSTS_KEPT = 5;

export class LiveRules {
  readonly #source: LiveSource;
  readonly #clock: Clock;
  readonly #ledger = new Ledger();
  readonly #wakes = new Set<() => void>();
  readonly #costs: number[] = [];
  /** One more with whatever there is to tell. */
  #version = 0;
  #report: LiveReport | undefined;
  #silent: Extract<LiveUpdate, { kind: "silent" }> | undefined;
  #hasEnded = false;
  #isPolling = false;
  #pause = new AbortController();
  #nextAt = 0;

  /** Costs nothing before somebody looks. */
  constructor(source: LiveSource, clock: Clock = REAL_CLOCK) {
    this.#source = source;
    this.#clock = clock;
    if ("listen" in source) {
      this.#follow(source);
    }
  }

  /**
   * What is seen from now on: first all of it, then what changes. Whoever is slow misses what was in between and nothing else. Ends
   * when `signal` aborts, and when a session has ended.
   */
  async *watch(signal?: AbortSignal): AsyncGenerator<LiveUpdate> {
    let wake = () => {};
    const woken = () => wake();
    signal?.addEventListener("abort", woken);
    this.#wakes.add(woken);
    // What was read when somebody else looked long ago is nothing to begin with.
    let version = this.#report === undefined && this.#silent === undefined ? this.#version : -1;
    this.#begin();
    let told: LiveReport | undefined;
    let toldSilent: LiveUpdate | undefined;
    try {
      for (;;) {
        while (version === this.#version && signal?.aborted !== true && !this.#hasEnded) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (signal?.aborted === true || this.#hasEnded) {
          return;
        }
        version = this.#version;
        if (this.#silent !== undefined) {
          if (this.#silent !== toldSilent) {
            toldSilent = this.#silent;
            yield this.#silent;
          }
        } else if (this.#report !== undefined) {
          const report = this.#report;
          const changes = told && changesBetween(told, report);
          told = report;
          yield { kind: "report", whole: changes === undefined, report: changes ?? report };
        }
      }
    } finally {
      signal?.removeEventListener("abort", woken);
      this.#wakes.delete(woken);
      if (this.#wakes.size === 0) {
        this.#pause.abort();
      }
    }
  }

  /** Requests of a rule, or of one of its matches, in the last hour, as far as somebody looked; both are labels. */
  history(rule: string, match?: string): { readonly stepMs: number; readonly requests: readonly number[] } {
    return this.#ledger.history(rule, match);
  }

  #follow(session: Pick<Session, "serving" | "listen">): void {
    const { serving } = session;
    if (serving !== undefined) {
      // Requests that earlier rules decided are counted, too.
      this.#serve(serving.compilation.config, serving.generation === 1 ? 0 : serving.since);
    }
    session.listen((event) => {
      if (event.kind === "serving" || event.kind === "reloaded") {
        const since = event.kind === "serving" ? 0 : this.#clock.now();
        this.#serve(event.compilation.config, since);
      } else if (event.kind === "stopped") {
        this.#hasEnded = true;
        this.#tell();
      }
    });
  }

  #serve(config: Config, since: number): void {
    this.#ledger.serve(splitsOf(config), since, listenersOf(config));
  }

  #begin(): void {
    if (!this.#isPolling) {
      this.#isPolling = true;
      void this.#poll();
    }
  }

  async #poll(): Promise<void> {
    while (this.#wakes.size > 0 && !this.#hasEnded) {
      const { now, sleep } = this.#clock;
      // Also for those who come and go all the time.
      const early = this.#nextAt - now();
      if (early > 0) {
        this.#pause = new AbortController();
        await sleep(early, this.#pause.signal);
        continue;
      }
      const costMs = await this.#read();
      this.#nextAt = now() + this.#pauseAfter(costMs);
      this.#tell();
    }
    this.#isPolling = false;
    this.#report = undefined;
    this.#silent = undefined;
  }

  #pauseAfter(costMs: number): number {
    const longest = this.#costs.length < FIRST_COSTS ? LONGEST_FIRST_PAUSE_MS : LONGEST_PAUSE_MS;
    return Math.min(longest, Math.max(SHORTEST_PAUSE_MS, costMs / SHARE_OF_TIME));
  }

  /** Gives what Envoy spent on it, in milliseconds; more where it had to wait. */
  async #read(): Promise<number> {
    const { now, precise } = this.#clock;
    const start = precise();
    try {
      const reading = await this.#reading();
      if (reading === undefined) {
        return 0;
      }
      this.#report = this.#ledger.take(reading);
      this.#silent = undefined;
    } catch (error) {
      this.#silent ??= { kind: "silent", since: now(), why: (error as Error).message };
      return 0;
    }
    this.#costs.push(precise() - start);
    if (this.#costs.length > COSTS_KEPT) {
      this.#costs.shift();
    }
    return Math.min(...this.#costs);
  }

  /** With what is wanted by then; `undefined` where nothing runs yet. */
  async #reading(): Promise<Reading | undefined> {
    const { now } = this.#clock;
    if ("read" in this.#source) {
      const { splits, since } = this.#source.splits();
      this.#ledger.serve(splits, since);
      return this.#source.read(now());
    }
    if ("listen" in this.#source) {
      const admin = this.#source.serving?.envoy.admin;
      return admin && scrape(admin, now);
    }
    const reading = await scrape(this.#source.admin, now);
    this.#ledger.serve(splitsOfWeights(reading.weights), reading.at);
    return reading;
  }

  #tell(): void {
    this.#version++;
    for (const wake of this.#wakes) {
      wake();
    }
  }
}

/** `new LiveRules(source).watch(signal)`, for whoever is the only one that looks. */
export function watchLive(source: LiveSource, signal?: AbortSignal): AsyncGenerator<LiveUpdate> {
  return new LiveRules(source).watch(signal);
}
