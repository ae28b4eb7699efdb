/**
 * The course of a roll-out: one wave after another while nothing has to be waited for, until all proxies have the new revision, or
 * shall have the old one again. What proxies say is put into the state before (`rollout.ts`).
 */

import type { RolloutEvent } from "./event.ts";
import { type Alarm, lostAlarm } from "./gates.ts";
import { isChanged } from "./member.ts";
import {
  isRunning,
  isTakingBack,
  type MemberState,
  type RolloutFailure,
  type RolloutState,
} from "./state.ts";
import { Tally } from "./tally.ts";
import { WaitedFor } from "./waited-for.ts";
import { chosenFor, waveUnderWay } from "./wave-members.ts";
import { type Wave, waveOf } from "./waves.ts";

export class Course {
  readonly waitedFor: WaitedFor;
  readonly #state: RolloutState;
  readonly #events: RolloutEvent[] = [];
  #tally: Tally;

  constructor(state: RolloutState) {
    this.#state = state;
    this.#tally = new Tally(state);
    this.waitedFor = new WaitedFor(state);
  }

  get tally(): Tally {
    return this.#tally;
  }

  /** A proxy counts elsewhere from now on. */
  recount(): void {
    this.#tally = new Tally(this.#state);
  }

  /** What was decided since the last call. */
  takeEvents(): readonly RolloutEvent[] {
    return this.#events.splice(0);
  }

  /** To the next wave that has a proxy which no earlier one had. */
  advance(now: number): void {
    const state = this.#state;
    const { waves } = state.plan;
    while (state.wave + 1 < waves.length) {
      state.wave += 1;
      state.waveBegan = now;
      state.bakingSince = undefined;
      const wave = waveOf(waves[state.wave]!);
      const chosen = this.#choose(wave, now);
      if (chosen.length > 0 || wave.kind === "shadow") {
        this.#events.push({
          kind: "wave",
          wave: waves[state.wave]!,
          number: state.wave + 1,
          of: waves.length,
          proxies: chosen,
        });
        return;
      }
    }
    this.done(now);
  }

  /** Every proxy has the new revision, or gets it. */
  done(now: number): void {
    this.#finish("done", now);
    this.#events.push({ kind: "done" });
  }

  /** Goes on as far as nothing has to be waited for. */
  settle(now: number): void {
    const state = this.#state;
    while (isRunning(state) && this.#isComplete(now)) {
      if (this.#hasProxies && !this.#hasBaked(now)) {
        return;
      }
      this.advance(now);
    }
    if (isTakingBack(state) && this.waitedFor.isNobody) {
      state.returned = now;
      this.#events.push({ kind: "returned" });
    }
  }

  /** The proxy is one of those that shall have the new revision. */
  change(member: MemberState): void {
    this.#tally.changed(member);
    member.wave = this.#state.wave;
    member.departures = 0;
  }

  /** Ends it where too many of the changed proxies are lost. */
  checkLost(now: number): void {
    const alarm = isRunning(this.#state) ? lostAlarm(this.#state) : undefined;
    if (alarm !== undefined) {
      this.fail(alarm, now);
    }
  }

  /** Everybody then shall have the old revision. */
  fail(alarm: Alarm & Pick<RolloutFailure, "step" | "rules">, now: number): void {
    const state = this.#state;
    const failure: RolloutFailure = { ...alarm, wave: state.plan.waves[state.wave] ?? "", at: now };
    state.failure = failure;
    this.#finish(alarm.gate === "operator" ? "aborted" : "failed", now);
    const proxies: string[] = [];
    for (const [id, member] of Object.entries(state.members)) {
      if (isChanged(member) || member.base !== state.from) {
        proxies.push(id);
        // What is on its way to it may still be taken.
        if (member.owesSince !== undefined) {
          member.has = undefined;
        }
        member.owesSince =
          member.awaySince === undefined && this.waitedFor.mustMove(member) ? now : undefined;
      }
      this.waitedFor.note(id, member);
    }
    this.#events.push({ kind: "failed", failure, proxies });
    this.settle(now);
  }

  /** A newer revision takes its place. */
  supersede(by: string, now: number): void {
    this.#finish("superseded", now);
    this.#events.push({ kind: "superseded", by });
  }

  #finish(phase: RolloutState["phase"], now: number): void {
    this.#state.phase = phase;
    this.#state.ended = now;
    this.#state.bakingSince = undefined;
    this.waitedFor.clear();
  }

  /** Gives the proxies of a wave the new revision; those that had it not. */
  #choose(wave: Wave, now: number): readonly string[] {
    const { chosen, cutoff } = chosenFor(wave, this.#state);
    this.#state.cutoff = cutoff;
    for (const id of chosen) {
      const member = this.#state.members[id]!;
      this.change(member);
      if (member.awaySince === undefined && this.waitedFor.mustMove(member)) {
        member.owesSince = now;
      }
      this.waitedFor.note(id, member);
    }
    return chosen;
  }

  /** The clock of a wave goes on when one of its proxies restarts. */
  #hasBaked(now: number): boolean {
    const state = this.#state;
    const { bakeMs, waves } = state.plan;
    if (state.bakingSince === undefined) {
      state.bakingSince = now;
      if (bakeMs > 0) {
        this.#events.push({ kind: "baking", wave: waves[state.wave]!, until: now + bakeMs });
      }
    }
    return now >= state.bakingSince + bakeMs;
  }

  /** Not so before the first wave, and in the shadow's. */
  get #hasProxies(): boolean {
    const wave = waveUnderWay(this.#state);
    return wave !== undefined && wave.kind !== "shadow";
  }

  #isComplete(now: number): boolean {
    const { shadow, questions, wave, notBefore } = this.#state;
    if (wave < 0) {
      return now >= notBefore;
    }
    return (
      this.waitedFor.isNobody &&
      questions !== "waiting" &&
      (waveUnderWay(this.#state)?.kind !== "shadow" || shadow !== "waiting")
    );
  }
}
