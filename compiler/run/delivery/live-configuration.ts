/**
 * What a running Envoy has, and how it comes to have something else: the steps of the plan one after another, each when Envoy
 * has taken the one before, and later the removal of what only older rules use, by its age. A step that Envoy rejects ends the
 * change, and what it had is put back.
 *
 * It claims no more than Envoy has acknowledged. A change that is given up before its rules were sent is overtaken by the next one, which
 * waits for nothing of it. When Envoy says nothing, what serves is unknown; the next change begins
 * with finding out.
 */

import { printJson } from "../../back/xds/json.ts";
import type { ResourceSet } from "../../back/xds/resource-set.ts";
import type { Delivery } from "./delivery.ts";
import { differenceOf } from "./difference.ts";
import type { DrainFacts } from "./drain-facts.ts";
import { planRemoval } from "./removal.ts";
import { Retirement, type RetirementTimes } from "./retirement.ts";
import { planSteps, type Step, type StepName } from "./steps.ts";

/** What an Envoy is told, and what has to be known of it when something else takes its place. */
export interface LiveBuild {
  readonly drain: DrainFacts;
  /** Listeners that the filter decides for; Envoy's own routes decide for the others. */
  readonly filtered: ReadonlySet<string>;
  /** What Envoy is started with; another one takes a new start. */
  readonly bootstrap: object;
  /** What it takes while it runs. */
  readonly resources: ResourceSet;
}

export interface ChangeOptions {
  /** Gives up where it stands; the change then throws. */
  readonly signal?: AbortSignal;
  /**
   * Something newer is wanted, or `signal` gives up: the same, but for the step that switches the rules. What that had switched the next
   * change would have to take back before it begins, and requests would meet the older rules once more.
   */
  readonly overtaken?: AbortSignal;
  /** Told when the new rules serve, before what is left of the old ones is removed. */
  readonly onServing?: () => void;
  /** Told at once when Envoy does not answer: until the change is over, it is not known which rules serve. */
  readonly onSilence?: (words: readonly string[]) => void;
}

export type ChangeResult =
  /** The new rules serve. */
  | { readonly kind: "reloaded" }
  | { readonly kind: "unchanged" }
  /** The bootstrap differs: Envoy reads it only when it starts. Nothing was done. */
  | { readonly kind: "restartNeeded" }
  /** The old rules serve. `silent`: Envoy did not say why, it only did not take the step in time. */
  | {
      readonly kind: "rejected";
      readonly step: StepName;
      readonly words: readonly string[];
      readonly silent: boolean;
    }
  /** Envoy has not acknowledged the old rules after it did not take the new ones: either may serve. */
  | { readonly kind: "unknown"; readonly words: readonly string[] };

export interface LiveConfigurationOptions {
  readonly delivery: Delivery;
  /** What Envoy has. */
  readonly build: LiveBuild;
  readonly times?: RetirementTimes;
}

/** After a removal that Envoy has not acknowledged. */
const TRY_AGAIN_MS = 15_000;

export class LiveConfiguration {
  readonly #delivery: Delivery;
  readonly #retirement: Retirement;
  /** Ends what goes on in the background. */
  readonly #closed = new AbortController();
  /** What Envoy has, or had last; leftovers of older rules among it. */
  #current: ResourceSet;
  /** The newest rules that came to serve. */
  #serving: LiveBuild;
  /** Whether Envoy has acknowledged `#current`, and nothing since was given to it. */
  #isKnown = true;
  /**
   * Whether all that is not known is how much Envoy has of a step which switches no rules: those of `#current` serve, so the next
   * change begins from there.
   */
  #isOvertaken = false;
  #busy: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor({ delivery, build, times }: LiveConfigurationOptions) {
    this.#delivery = delivery;
    this.#retirement = new Retirement(times);
    this.#current = build.resources;
    this.#serving = build;
  }

  /**
   * Resolves when the new rules serve and what may go at once is gone, or when they will not serve. Throws when `signal` says
   * so, and for a mistake of ours.
   */
  changeTo(build: LiveBuild, options: ChangeOptions = {}): Promise<ChangeResult> {
    return this.#alone(() => this.#change(build, options));
  }

  /** Waits for the removal that is under way, and begins no other. */
  async close(): Promise<void> {
    this.#closed.abort();
    clearTimeout(this.#timer);
    await this.#busy;
  }

  async #change(
    build: LiveBuild,
    { signal, overtaken = signal, onServing, onSilence }: ChangeOptions,
  ): Promise<ChangeResult> {
    if (!isSameBootstrap(build.bootstrap, this.#serving.bootstrap)) {
      return { kind: "restartNeeded" };
    }
    const { changed, removed } = differenceOf(this.#serving.resources, build.resources);
    const isUnchanged = changed.length + removed.length === 0;
    if (!this.#isKnown && (isUnchanged || !this.#isOvertaken)) {
      const words = await this.#settle("rules", this.#current, this.#current, overtaken);
      if (words !== undefined) {
        return { kind: "unknown", words };
      }
    }
    if (isUnchanged) {
      return { kind: "unchanged" };
    }
    const before = this.#current;
    for (const step of planSteps(before, build.resources)) {
      const giveUp = step.name === "rules" ? signal : overtaken;
      const answer = await this.#take(step, giveUp).catch((error) => {
        this.#isOvertaken = giveUp?.aborted === true && step.name !== "rules";
        if (step.name === "rules") {
          // They may have served, and what they decided is still on its way.
          this.#retirement.replace(build, this.#serving, Date.now());
        }
        throw error;
      });
      if (answer.kind === "accepted") {
        continue;
      }
      const silent = answer.kind === "silent";
      if (silent) {
        onSilence?.(answer.words);
      }
      // It may have taken a part of the step, or all of it.
      const words = await this.#settle(step.name, step.to, before, overtaken);
      return words === undefined
        ? { kind: "rejected", step: step.name, words: answer.words, silent }
        : { kind: "unknown", words: [...answer.words, ...words] };
    }
    if (!this.#isKnown) {
      const words = await this.#settle("rules", before, before, overtaken);
      if (words !== undefined) {
        return { kind: "unknown", words };
      }
    }
    this.#retirement.replace(this.#serving, build, Date.now());
    this.#serving = build;
    onServing?.();
    await this.#remove();
    return { kind: "reloaded" };
  }

  /** Whatever comes of it: it is known what Envoy has only when it has accepted. */
  async #take(step: Step, signal: AbortSignal | undefined): ReturnType<Delivery["take"]> {
    this.#isKnown = false;
    this.#isOvertaken = false;
    const answer = await this.#delivery.take(step, signal);
    if (answer.kind === "accepted") {
      this.#current = step.to;
      this.#isKnown = true;
    }
    return answer;
  }

  /** Makes sure of what Envoy has. Why that failed, in words; `undefined` when it did not. */
  async #settle(
    name: StepName,
    from: ResourceSet,
    to: ResourceSet,
    signal: AbortSignal | undefined,
  ): Promise<readonly string[] | undefined> {
    this.#current = to;
    const answer = await this.#take({ name, from, to }, signal);
    return answer.kind === "accepted" ? undefined : answer.words;
  }

  async #remove(): Promise<void> {
    const { signal } = this.#closed;
    clearTimeout(this.#timer);
    if (signal.aborted) {
      return;
    }
    const now = Date.now();
    const isDone = await this.#removeWhatIsDue(now, signal);
    const next = isDone ? this.#retirement.next(now) : Date.now() + TRY_AGAIN_MS;
    if (next !== undefined && !signal.aborted) {
      // What goes wrong here the next change meets, too, and tells.
      const remove = () => void this.#alone(() => this.#remove()).catch(() => {});
      this.#timer = setTimeout(remove, Math.max(next - Date.now(), 0));
      this.#timer.unref();
    }
  }

  /** False when Envoy does not say so. */
  async #removeWhatIsDue(now: number, signal: AbortSignal): Promise<boolean> {
    if (
      !this.#isKnown &&
      (await this.#settle("removal", this.#current, this.#current, signal)) !== undefined
    ) {
      return false;
    }
    const step = planRemoval(this.#current, this.#serving.resources, (leftover) =>
      this.#retirement.stays(leftover, now),
    );
    return step === undefined || (await this.#take(step, signal)).kind === "accepted";
  }

  /** One change or removal at a time, in their order. */
  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#busy.then(work);
    this.#busy = result.catch(() => {});
    return result;
  }
}

function isSameBootstrap(one: object, other: object): boolean {
  return one === other || printJson(one) === printJson(other);
}
