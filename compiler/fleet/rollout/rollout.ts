/**
 * A roll-out: which proxy shall have which of two revisions, and until when. A pure state machine: what proxies say, what they
 * answered and what time it is goes in, decisions come out, and all that it knows is `state`. Any order of events can be tried, and a
 * server that was killed goes on from what it had written down.
 *
 * A wave is over when every proxy of it that is there has acknowledged, and the time to bake has passed since. Whatever a gate finds
 * ends the roll-out: everybody then shall have the old revision.
 *
 * A newer revision takes the place of a roll-out that runs. It begins with what each proxy has: those that have the
 * unfinished revision keep it until their wave comes. If it fails, all go back to the last revision that all had.
 */

import { Course } from "./course.ts";
import type { RolloutEvent } from "./event.ts";
import { type Beginning, firstState } from "./first-state.ts";
import { responsesAlarm } from "./gates.ts";
import { ANSWER_MS, LOST_MS, MOST_DEPARTURES } from "./limits.ts";
import { hasLabels, isChanged, isGone, newMember } from "./member.ts";
import { type Outcome, refusalOf } from "./outcome.ts";
import {
  type BlamedRule,
  isRunning,
  isTakingBack,
  type Member,
  type Responses,
  type RolloutState,
} from "./state.ts";
import { plus } from "./tally.ts";
import type { WaitedFor } from "./waited-for.ts";
import { belongsToWave } from "./wave-members.ts";

export interface BeginRollout extends Beginning {
  /** The last roll-out, whatever came of it; one that runs ends. */
  readonly previous?: Rollout | undefined;
}

export class Rollout {
  readonly #state: RolloutState;
  readonly #course: Course;
  readonly #waitedFor: WaitedFor;

  private constructor(state: RolloutState) {
    this.#state = state;
    this.#course = new Course(state);
    this.#waitedFor = this.#course.waitedFor;
  }

  /**
   * Without an old revision, everybody gets the new one at once. So it is where the new one is what everybody had: a roll-out
   * that is superseded by the rules from before it is taken back.
   */
  static begin({ previous, ...beginning }: BeginRollout): Rollout {
    const last = previous?.state;
    const state = firstState({ ...beginning, last });
    if (last !== undefined && isRunning(last)) {
      previous!.#course.supersede(state.to, state.began);
    }
    const rollout = new Rollout(state);
    if (state.from === undefined || state.from === state.to) {
      rollout.#course.done(state.began);
    } else {
      rollout.#course.settle(state.began);
    }
    return rollout;
  }

  /**
   * Goes on from a state. `startedAt` is when this server started: the proxies have lost their streams by that, and
   * not by the revision.
   */
  static restore(state: RolloutState, startedAt?: number): Rollout {
    const own = structuredClone(state);
    if (startedAt !== undefined) {
      for (const member of Object.values(own.members)) {
        member.awaySince = startedAt;
        member.leftChanged = false;
        if (member.owesSince !== undefined) {
          member.owesSince = startedAt;
        }
      }
    }
    return new Rollout(own);
  }

  /** Changes with every call. It is plain JSON. */
  get state(): RolloutState {
    return this.#state;
  }

  get isRunning(): boolean {
    return isRunning(this.#state);
  }

  /** What a proxy shall have. */
  revisionOf({ id, scope, labels }: Member): string {
    const { phase, from, to, plan, members } = this.#state;
    switch (phase) {
      case "done":
        return to;
      case "failed":
      case "aborted":
        return from ?? to;
      default: {
        const known = members[id];
        if (known !== undefined) {
          return isChanged(known) ? to : known.base;
        }
        return belongsToWave(this.#state, { id, scope, canary: hasLabels(labels, plan.canaryLabels) })
          ? to
          : (from ?? to);
      }
    }
  }

  /** A proxy has opened a stream, for the first time or again. */
  joined({ id, scope, labels }: Member, now: number): void {
    const state = this.#state;
    const known = state.members[id];
    // With another scope it is told something else, and its answers are compared with others.
    if (known === undefined || known.scope !== scope) {
      const base = known?.base ?? state.from ?? state.to;
      state.members[id] = {
        ...newMember(scope, hasLabels(labels, state.plan.canaryLabels), base),
        ...(known?.wave !== undefined && { wave: known.wave }),
      };
      if (known !== undefined) {
        this.#course.recount();
      }
    } else {
      known.awaySince = undefined;
      known.leftChanged = undefined;
    }
    const own = state.members[id]!;
    if (this.isRunning && !isChanged(own) && belongsToWave(state, { id, scope, canary: own.canary })) {
      this.#course.change(own);
    }
    if (this.#waitedFor.mustMove(own)) {
      own.owesSince = now;
    }
    this.#waitedFor.note(id, own);
    this.#course.settle(now);
  }

  /** Its stream is gone. */
  left(proxyId: string, now: number): void {
    const { members } = this.#state;
    const member = members[proxyId];
    if (member === undefined || member.awaySince !== undefined) {
      return;
    }
    member.awaySince = now;
    member.owesSince = undefined;
    member.leftChanged = isChanged(member);
    member.departures += 1;
    if (member.departures >= MOST_DEPARTURES) {
      member.lost = member.leftChanged || member.lost === "changed" ? "changed" : "unchanged";
      this.#course.checkLost(now);
    }
    if (!this.isRunning && !isTakingBack(this.#state)) {
      // Nobody asks for it any more; the next roll-out asks who is there.
      delete members[proxyId];
      return;
    }
    this.#waitedFor.note(proxyId, member);
    this.#course.settle(now);
  }

  /** What came of giving a proxy a revision. */
  answered(proxyId: string, revision: string, outcome: Outcome, now: number): void {
    const state = this.#state;
    const member = state.members[proxyId];
    if (member === undefined || member.awaySince !== undefined) {
      return;
    }
    if (outcome.kind === "taken") {
      member.has = revision;
    } else if (outcome.kind === "unknown") {
      member.has = undefined;
    } else if (revision === state.to) {
      // Whatever it took of it is taken back already.
      member.has = member.base;
    }
    const isAnswer = this.isRunning
      ? isChanged(member) && revision === state.to
      : isTakingBack(this.#state) && revision === state.from;
    if (isAnswer) {
      member.owesSince = undefined;
      if (this.isRunning && outcome.kind !== "taken") {
        this.#course.fail(refusalOf(proxyId, outcome), now);
        return;
      }
    }
    this.#waitedFor.note(proxyId, member);
    this.#course.settle(now);
  }

  /** What came of giving the server's own Envoy the revision. */
  shadowed(outcome: Outcome | { readonly kind: "skipped" }, now: number): void {
    const state = this.#state;
    if (!this.isRunning || state.shadow !== "waiting") {
      return;
    }
    if (outcome.kind === "taken" || outcome.kind === "skipped") {
      state.shadow = outcome.kind;
      this.#course.settle(now);
    } else {
      this.#course.fail(refusalOf("shadow", outcome), now);
    }
  }

  /** What came of the cases and witnesses. */
  asked(
    result:
      | { readonly kind: "passed" }
      | {
          readonly kind: "failed";
          readonly gate: "cases" | "witnesses";
          readonly words: readonly string[];
          readonly rules?: readonly BlamedRule[];
        },
    now: number,
  ): void {
    const state = this.#state;
    if (!this.isRunning) {
      return;
    }
    if (result.kind === "passed") {
      state.questions = "passed";
      this.#course.settle(now);
    } else {
      const { gate, words, rules } = result;
      this.#course.fail({ gate, words, ...(rules && { rules }) }, now);
    }
  }

  /** What a proxy answered since its last report. */
  responses(proxyId: string, counts: Responses, now: number): void {
    const state = this.#state;
    const member = state.members[proxyId];
    if (member === undefined || !this.isRunning) {
      return;
    }
    if (!isChanged(member)) {
      member.before = plus(member.before, counts);
      this.#course.tally.answeredBefore(member, counts);
      return;
    }
    if (member.has !== state.to) {
      // Some of these were decided by one revision and some by the other.
      return;
    }
    member.after = plus(member.after, counts);
    this.#course.tally.answeredAfter(member, counts);
    const alarm = responsesAlarm(state.plan, this.#course.tally.in(member.scope));
    if (alarm !== undefined) {
      this.#course.fail({ ...alarm, proxy: worstOf(state, member.scope) }, now);
    }
  }

  /** Goes on with the next wave, without waiting for the rest of this one. Gates stay. */
  promote(now: number): void {
    if (this.isRunning) {
      if (this.#state.shadow === "waiting") {
        this.#state.shadow = "skipped";
      }
      if (this.#state.questions === "waiting") {
        this.#state.questions = "passed";
      }
      this.#course.advance(now);
    }
  }

  /** Ends it; everybody then shall have the old revision. */
  abort(why: string, now: number): void {
    if (this.isRunning) {
      this.#course.fail({ gate: "operator", words: [why] }, now);
    }
  }

  /** Adds to a failure which rules it points at, which takes a look at both revisions. */
  blame(rules: readonly BlamedRule[]): void {
    const { failure } = this.#state;
    if (failure !== undefined && failure.rules === undefined && rules.length > 0) {
      this.#state.failure = { ...failure, rules };
    }
  }

  /** Whatever is due. When to call again, at the latest; `undefined`: not before something else happens. */
  tick(now: number): number | undefined {
    const entries = Object.entries(this.#state.members);
    // All of them first: whether too many of the changed ones are lost depends on how many others are.
    const lost = entries.filter(
      ([, member]) => member.awaySince !== undefined && !isGone(member) && now >= member.awaySince + LOST_MS,
    );
    for (const [id, member] of lost) {
      member.lost = member.leftChanged ? "changed" : "unchanged";
      this.#waitedFor.note(id, member);
    }
    if (lost.length > 0) {
      this.#course.checkLost(now);
    }
    const late = entries.find(([, { owesSince }]) => owesSince !== undefined && now >= owesSince + ANSWER_MS);
    if (this.isRunning && late !== undefined) {
      const words = [`it has not acknowledged within ${ANSWER_MS / 1000} s`];
      this.#course.fail({ gate: "deadline", proxy: late[0], words }, now);
    }
    this.#course.settle(now);
    return this.#waitedFor.next();
  }

  /** What was decided since the last call. */
  takeEvents(): readonly RolloutEvent[] {
    return this.#course.takeEvents();
  }
}

/** The changed proxy of a scope with the largest share of errors. */
function worstOf({ members }: RolloutState, scope: string): string {
  const [worst] = Object.entries(members)
    .filter(([, member]) => isChanged(member) && member.scope === scope)
    .sort(([, a], [, b]) => b.after.serverErrors - a.after.serverErrors);
  return worst![0];
}
