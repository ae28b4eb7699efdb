/**
 * Requests of a running Envoy, seen while they pass. Envoy sends samples for as long as somebody listens, and is told by its
 * runtime how many: its listeners and the rules are left alone, and nothing is sampled when nobody looks.
 *
 * Bounded whatever the traffic: so many samples a second, for so long. What a listener does not take in time is not kept for it.
 */

import { sampledHeaders } from "../../back/headers-read.ts";
import { TAP_RUNTIME_KEY } from "../../back/xds/tap-log.ts";
import type { UnaryMethod } from "../../run/ads/server.ts";
import type { Session } from "../../run/session.ts";
import { EXPORT_LOGS, type LogRecord, logsReader } from "./logs-service.ts";
import { readSample, type SampledRequest } from "./read-sample.ts";
import { Ring } from "./ring.ts";
import { RuleNames } from "./rule-names.ts";
import { NO_SAMPLING, type Sampling, SamplingRate } from "./sampling-rate.ts";
import { statusFilter } from "./status-filter.ts";
import { TapError } from "./tap-error.ts";

/** Samples a second that are let through, for all listeners together. */
export const MOST_PER_SECOND = 200;
/** When it ends by itself, unless somebody says how long: one that is forgotten costs nothing for long. */
export const TAP_MS = 300_000;
export const LONGEST_TAP_MS = 3_600_000;
/** Samples that are kept, for whoever wants to decide them again. */
const KEPT = 1_000;
const TICK_MS = 1_000;
/** Of a percentage. */
const PER_MILLION = 10_000;

/** What somebody wants to see. */
export interface TapQuestion {
  /** Of all requests, 0 to 100; fewer are sampled where they are too many. Default: 100. */
  readonly percent?: number;
  /** Samples a second that are enough. Default: 200, which is the most. */
  readonly mostPerSecond?: number;
  /** The label of a rule, its name or its place: `shop/reviews#canary`, `canary`, `reviews.yaml:24`. */
  readonly rule?: string;
  /** `503`, or `5xx`; 0 is that of clients who left. */
  readonly status?: string;
  /** Milliseconds until it ends by itself. Default: five minutes; one hour is the most. */
  readonly forMs?: number;
}

export interface TapProgress {
  /** Of all requests, those that are sampled now. */
  readonly percent: number;
  /** Samples that were looked at, those that are not asked for among them. */
  readonly sampled: number;
  /** Those that were asked for. */
  readonly matched: number;
  /** Samples that were left out because they were too many. */
  readonly dropped: number;
  /** Milliseconds since 1970, when it ends by itself. */
  readonly until: number;
  /** Why Envoy does not sample as it should. */
  readonly problem?: string;
}

export interface TapListener {
  onRequest(sampled: SampledRequest): void;
  /** It is over: its time, the session's end, or `close`. */
  onEnd?(why: TapEnd): void;
}

export type TapEnd = "time" | "stopped" | "closed";

export interface OpenTap {
  readonly progress: TapProgress;
  /** Safe to call again. Resolves when Envoy has been told. */
  close(): Promise<void>;
}

interface Listening {
  readonly question: TapQuestion;
  readonly listener: TapListener;
  readonly sampling: Sampling;
  readonly isStatus: (status: number) => boolean;
  readonly until: number;
  /** What logs call the rules that are wanted. Absent: all. */
  labels?: ReadonlySet<string> | undefined;
  sampled: number;
  matched: number;
  dropped: number;
}

/** `Tap.create()`, its `method` to the session, and then `attach`. */
export class Tap {
  /** By which Envoy sends samples: of the `methods` of a session. */
  readonly method: UnaryMethod;
  readonly #rate = new SamplingRate();
  readonly #listening = new Set<Listening>();
  readonly #ring = new Ring<SampledRequest>(KEPT);
  #session: Pick<Session, "serving" | "listen"> | undefined;
  #names: { readonly of: object; readonly names: RuleNames } | undefined;
  #headers: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** What Envoy has; `undefined` while that is not known. */
  #told: number | undefined = 0;
  #telling: Promise<void> | undefined;
  #problem: string | undefined;

  private constructor(read: (request: Uint8Array) => readonly LogRecord[]) {
    this.method = {
      path: EXPORT_LOGS,
      answer: (request) => {
        this.#take(read(request));
        // Without anything in it: all was taken.
        return new Uint8Array();
      },
    };
  }

  static async create(): Promise<Tap> {
    return new Tap(await logsReader());
  }

  /** What is sampled is that session's, which was given the `method`. */
  attach(session: Pick<Session, "serving" | "listen">): void {
    this.#session = session;
    session.listen((event) => {
      if (event.kind === "serving") {
        this.#headers = sampledHeaders(event.compilation.config);
      } else if (event.kind === "stopped") {
        for (const one of [...this.#listening]) {
          this.#end(one, "stopped");
        }
      }
    });
  }

  /** Whose values samples have: fixed when Envoy starts. */
  get headers(): readonly string[] {
    return this.#headers;
  }

  /** The last requests that were sampled, oldest first: none before somebody has listened. */
  recent(): readonly SampledRequest[] {
    return this.#ring.items();
  }

  /** Resolves when Envoy has been told. Throws a `TapError` when nothing serves, and for a rule or a status that there is not. */
  async open(question: TapQuestion, listener: TapListener): Promise<OpenTap> {
    const names = this.#current();
    if (names === undefined) {
      throw new TapError("Envoy does not serve yet, or no longer");
    }
    const { percent = 100, mostPerSecond = MOST_PER_SECOND, forMs = TAP_MS } = question;
    const one: Listening = {
      question,
      listener,
      sampling: { percent, mostPerSecond: Math.min(mostPerSecond, MOST_PER_SECOND) },
      isStatus: statusFilter(question.status),
      until: Date.now() + Math.min(forMs, LONGEST_TAP_MS),
      ...labelsOf(question, names),
      sampled: 0,
      matched: 0,
      dropped: 0,
    };
    this.#listening.add(one);
    this.#change();
    await this.#settled();
    const progress = () => this.#progressOf(one);
    return {
      get progress() {
        return progress();
      },
      close: () => {
        this.#end(one, "closed");
        return this.#settled();
      },
    };
  }

  /** Ends all that listen; resolves when Envoy samples nothing any more, or cannot be told. */
  async close(): Promise<void> {
    for (const one of [...this.#listening]) {
      this.#end(one, "closed");
    }
    await this.#settled();
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#ring.clear();
  }

  #take(records: readonly LogRecord[]): void {
    const names = this.#current();
    if (this.#listening.size === 0 || names === undefined) {
      return;
    }
    const allowed = this.#rate.take(records.length, Date.now());
    const { percent } = this.#rate;
    for (const record of records.slice(0, allowed)) {
      const sampled = readSample(record, names);
      if (sampled !== undefined) {
        this.#ring.push(sampled);
        for (const one of [...this.#listening]) {
          offer(one, sampled, percent);
        }
      }
    }
    for (const one of this.#listening) {
      one.dropped += records.length - allowed;
    }
    this.#tell();
  }

  /** Somebody has come or gone. */
  #change(): void {
    const wishes = [...this.#listening].map(({ sampling }) => sampling);
    const most = (of: (sampling: Sampling) => number) => Math.max(...wishes.map(of));
    const wanted =
      wishes.length === 0
        ? NO_SAMPLING
        : {
            percent: most(({ percent }) => percent),
            mostPerSecond: most(({ mostPerSecond }) => mostPerSecond),
          };
    this.#rate.want(wanted, Date.now());
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    this.#tell();
  }

  #tick(): void {
    const now = Date.now();
    for (const one of [...this.#listening]) {
      if (now >= one.until) {
        this.#end(one, "time");
      }
    }
    this.#rate.pass(now);
    this.#tell();
    if (this.#listening.size === 0 && this.#told === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      // What nobody looks at any more is not kept.
      this.#ring.clear();
    }
  }

  #end(one: Listening, why: TapEnd): void {
    if (this.#listening.delete(one)) {
      this.#change();
      one.listener.onEnd?.(why);
    }
  }

  /** Tells Envoy what is wanted, one call at a time; one that fails is made again with the next tick. */
  #tell(): void {
    const admin = this.#session?.serving?.envoy.admin;
    const { percent } = this.#rate;
    if (admin === undefined) {
      // It is gone, and what it was told with it.
      this.#told = 0;
      return;
    }
    if (this.#telling !== undefined || percent === this.#told) {
      return;
    }
    this.#told = undefined;
    this.#telling = admin
      .post(`/runtime_modify?${TAP_RUNTIME_KEY}=${runtimeValue(percent)}`)
      .then(({ status, body }) => {
        if (status !== 200) {
          throw new Error(`Envoy answered ${status}: ${body.slice(0, 200).trim()}`);
        }
        this.#told = percent;
        this.#problem = undefined;
      })
      .catch((error: Error) => {
        this.#problem = error.message;
      })
      .finally(() => {
        this.#telling = undefined;
        if (this.#told !== undefined) {
          this.#tell();
        }
      });
  }

  async #settled(): Promise<void> {
    while (this.#telling !== undefined) {
      await this.#telling;
    }
  }

  /** What names in samples mean now. */
  #current(): RuleNames | undefined {
    const compilation = this.#session?.serving?.compilation;
    if (compilation === undefined) {
      return undefined;
    }
    if (this.#names?.of !== compilation) {
      const names = new RuleNames(compilation);
      this.#names = { of: compilation, names };
      for (const one of this.#listening) {
        // A rule that was there and is not any more may come back.
        one.labels = one.question.rule === undefined ? undefined : names.find(one.question.rule);
      }
    }
    return this.#names.names;
  }

  #progressOf({ sampled, matched, dropped, until }: Listening): TapProgress {
    return {
      percent: this.#rate.percent,
      sampled,
      matched,
      dropped,
      until,
      ...(this.#problem !== undefined && { problem: this.#problem }),
    };
  }
}

/** `percent`: of what is sampled for all. */
function offer(one: Listening, sampled: SampledRequest, percent: number): void {
  if (one.sampling.percent < percent && Math.random() * percent >= one.sampling.percent) {
    return;
  }
  one.sampled++;
  const { label, tapped } = sampled;
  const isMeant = one.labels === undefined || (label !== undefined && one.labels.has(label));
  if (isMeant && one.isStatus(tapped.status)) {
    one.matched++;
    one.listener.onRequest(sampled);
  }
}

function labelsOf({ rule }: TapQuestion, names: RuleNames): { readonly labels?: ReadonlySet<string> } {
  if (rule === undefined) {
    return {};
  }
  const labels = names.find(rule);
  if (labels.size === 0) {
    const near = names.near(rule);
    throw new TapError(
      near.length === 0
        ? `no rule is called "${rule}": nothing serves that a rule has made`
        : `no rule is called "${rule}"; there are ${near.join(", ")}`,
    );
  }
  return { labels };
}

/** In the parts per million of the log's own percentage; empty takes the key away, and with it the samples. */
function runtimeValue(percent: number): string {
  const perMillion = Math.round(percent * PER_MILLION);
  return perMillion === 0 ? "" : String(perMillion);
}
