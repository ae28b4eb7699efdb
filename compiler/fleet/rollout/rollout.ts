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

import { type Alarm, isChanged, isGone, lostAlarm, responsesAlarm } from "./gates.ts";
import type { RolloutPlan } from "./plan.ts";
import type {
  BlamedRule,
  Gate,
  Member,
  MemberState,
  Responses,
  RolloutFailure,
  RolloutState,
} from "./state.ts";
import { plus, Tally } from "./tally.ts";
import { membersOf, scoreOf, type Wave, waveOf } from "./waves.ts";

/** A living Envoy is back within 5 s, which is its longest pause between two tries. */
export const LOST_MS = 8_000;
/** A proxy whose stream breaks so often counts as lost, although it comes back each time. */
export const MOST_DEPARTURES = 3;
/** For all steps of a change, with whatever goes to other proxies first. Each step has a deadline of its own. */
export const ANSWER_MS = 120_000;

/** What came of giving a proxy a revision. */
export type Outcome =
  | { readonly kind: "taken" }
  /** `words` are Envoy's. */
  | { readonly kind: "refused"; readonly step: string; readonly words: readonly string[] }
  /** It has not acknowledged in time. */
  | { readonly kind: "silent"; readonly step: string; readonly words: readonly string[] }
  /** It has not acknowledged the old one either, after it did not take the new one. */
  | { readonly kind: "unknown"; readonly words: readonly string[] };

export type RolloutEvent =
  /** A wave begins: `proxies` shall have the new revision. For the shadow's, the server's own Envoy. */
  | {
      readonly kind: "wave";
      readonly wave: string;
      readonly number: number;
      readonly of: number;
      readonly proxies: readonly string[];
    }
  /** Every proxy of the wave has acknowledged. */
  | { readonly kind: "baking"; readonly wave: string; readonly until: number }
  /** Every proxy has the new revision, or gets it. */
  | { readonly kind: "done" }
  /** `proxies` shall have the old revision again. */
  | { readonly kind: "failed"; readonly failure: RolloutFailure; readonly proxies: readonly string[] }
  /** All of those have it. */
  | { readonly kind: "returned" }
  | { readonly kind: "superseded"; readonly by: string };

export interface BeginRollout {
  readonly id: string;
  /** What every proxy has; absent: none has anything. */
  readonly from?: string | undefined;
  readonly to: string;
  readonly plan: RolloutPlan;
  /** `lately`: what they answered by what they have, where that is known. */
  readonly members: readonly (Member & { readonly lately?: Responses | undefined })[];
  readonly now: number;
  /** The last roll-out, whatever came of it; one that runs ends. */
  readonly previous?: Rollout | undefined;
  /** When this server started: its proxies are given the time to come back. */
  readonly startedAt?: number | undefined;
}

export class Rollout {
  readonly #state: RolloutState;
  readonly #events: RolloutEvent[] = [];
  /** Proxies that owe an answer, or are waited for. */
  readonly #owing = new Set<string>();
  #tally: Tally;

  private constructor(state: RolloutState) {
    this.#state = state;
    this.#tally = new Tally(state);
    for (const [id, member] of Object.entries(state.members)) {
      this.#note(id, member);
    }
  }

  /**
   * Without an old revision, everybody gets the new one at once. So it is where the new one is what everybody had: a roll-out
   * that is superseded by the rules from before it is taken back.
   */
  static begin({ id, from, to, plan, members, now, previous, startedAt }: BeginRollout): Rollout {
    const last = previous?.state;
    const running = last?.phase === "running" ? last : undefined;
    const old = running?.from ?? from;
    const state: RolloutState = {
      id,
      ...(old !== undefined && { from: old }),
      to,
      plan,
      phase: "running",
      began: now,
      notBefore: startedAt === undefined ? now : startedAt + LOST_MS,
      wave: -1,
      waveBegan: now,
      shadow: "waiting",
      questions: plan.asks ? "waiting" : "none",
      members: {},
    };
    const canaryLabels = plan.canaryLabels;
    for (const { id: name, scope, labels, lately } of members) {
      const known = running?.members[name];
      const earlier = answeredEarlier(last, name, lately);
      state.members[name] = {
        ...blank(scope, hasLabels(labels, canaryLabels), baseOf(known, running, old ?? to)),
        ...(known?.has !== undefined && known.scope === scope && { has: known.has }),
        ...(earlier !== undefined && { earlier }),
      };
    }
    // Those that are about to come back are still part of the fleet.
    for (const [name, known] of Object.entries(last?.members ?? {})) {
      const awaySince = known.awaySince ?? now;
      if (state.members[name] === undefined && now < awaySince + LOST_MS) {
        const { scope, canary } = known;
        const base = baseOf(running && known, running, old ?? to);
        state.members[name] = { ...blank(scope, canary, base), awaySince, leftChanged: false };
      }
    }
    if (running !== undefined) {
      previous!.#supersede(to, now);
    }
    const rollout = new Rollout(state);
    if (old === undefined || old === to) {
      rollout.#finish("done", now);
      rollout.#events.push({ kind: "done" });
    } else {
      rollout.#settle(now);
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
    return this.#state.phase === "running";
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
        return this.#belongs(id, scope, hasLabels(labels, plan.canaryLabels)) ? to : (from ?? to);
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
        ...blank(scope, hasLabels(labels, state.plan.canaryLabels), base),
        ...(known?.wave !== undefined && { wave: known.wave }),
      };
      if (known !== undefined) {
        this.#tally = new Tally(state);
      }
    } else {
      known.awaySince = undefined;
      known.leftChanged = undefined;
    }
    const own = state.members[id]!;
    if (this.isRunning && !isChanged(own) && this.#belongs(id, scope, own.canary)) {
      this.#change(own);
    }
    if (this.#mustMove(own)) {
      own.owesSince = now;
    }
    this.#note(id, own);
    this.#settle(now);
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
      this.#checkLost(now);
    }
    if (!this.isRunning && !this.#isTakingBack) {
      // Nobody asks for it any more; the next roll-out asks who is there.
      delete members[proxyId];
      return;
    }
    this.#note(proxyId, member);
    this.#settle(now);
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
      : this.#isTakingBack && revision === state.from;
    if (isAnswer) {
      member.owesSince = undefined;
      if (this.isRunning && outcome.kind !== "taken") {
        this.#fail(refusalOf(proxyId, outcome), now);
        return;
      }
    }
    this.#note(proxyId, member);
    this.#settle(now);
  }

  /** What came of giving the server's own Envoy the revision. */
  shadowed(outcome: Outcome | { readonly kind: "skipped" }, now: number): void {
    const state = this.#state;
    if (!this.isRunning || state.shadow !== "waiting") {
      return;
    }
    if (outcome.kind === "taken" || outcome.kind === "skipped") {
      state.shadow = outcome.kind;
      this.#settle(now);
    } else {
      this.#fail(refusalOf("shadow", outcome), now);
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
      this.#settle(now);
    } else {
      const { gate, words, rules } = result;
      this.#fail({ gate, words, ...(rules && { rules }) }, now);
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
      this.#tally.answeredBefore(member, counts);
      return;
    }
    if (member.has !== state.to) {
      // Some of these were decided by one revision and some by the other.
      return;
    }
    member.after = plus(member.after, counts);
    this.#tally.answeredAfter(member, counts);
    const alarm = responsesAlarm(state.plan, this.#tally.in(member.scope));
    if (alarm !== undefined) {
      this.#fail({ ...alarm, proxy: worstOf(state, member.scope) }, now);
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
      this.#advance(now);
    }
  }

  /** Ends it; everybody then shall have the old revision. */
  abort(why: string, now: number): void {
    if (this.isRunning) {
      this.#fail({ gate: "operator", words: [why] }, now);
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
      this.#note(id, member);
    }
    if (lost.length > 0) {
      this.#checkLost(now);
    }
    const late = entries.find(([, { owesSince }]) => owesSince !== undefined && now >= owesSince + ANSWER_MS);
    if (this.isRunning && late !== undefined) {
      const words = [`it has not acknowledged within ${ANSWER_MS / 1000} s`];
      this.#fail({ gate: "deadline", proxy: late[0], words }, now);
    }
    this.#settle(now);
    return this.#next();
  }

  /** What was decided since the last call. */
  takeEvents(): readonly RolloutEvent[] {
    return this.#events.splice(0);
  }

  get #isTakingBack(): boolean {
    const { phase, returned } = this.#state;
    return (phase === "failed" || phase === "aborted") && returned === undefined;
  }

  #next(): number | undefined {
    if (!this.isRunning && !this.#isTakingBack) {
      return undefined;
    }
    const { members, bakingSince, plan, wave, notBefore } = this.#state;
    const times: number[] = [];
    if (bakingSince !== undefined && this.#owing.size === 0) {
      times.push(bakingSince + plan.bakeMs);
    }
    if (this.isRunning && wave < 0) {
      times.push(notBefore);
    }
    for (const member of Object.values(members)) {
      const { awaySince, owesSince } = member;
      if (awaySince !== undefined && !isGone(member)) {
        times.push(awaySince + LOST_MS);
      } else if (this.isRunning && owesSince !== undefined) {
        times.push(owesSince + ANSWER_MS);
      }
    }
    return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
  }

  get #wave(): Wave | undefined {
    const name = this.#state.plan.waves[this.#state.wave];
    return name === undefined ? undefined : waveOf(name);
  }

  /** Whether a proxy that joins is part of the wave that is under way. */
  #belongs(id: string, scope: string, canary: boolean): boolean {
    const wave = this.#wave;
    const { cutoff, members } = this.#state;
    switch (wave?.kind) {
      case "share":
        return canary || wave.percent === 100 || (cutoff !== undefined && scoreOf(id) <= cutoff);
      case "perScope": {
        const changed = Object.values(members).filter(
          (member) => isChanged(member) && member.lost === undefined,
        );
        const canaries = Object.values(members).some((member) => member.canary);
        return (
          canary || (!canaries && changed.filter((member) => member.scope === scope).length < wave.proxies)
        );
      }
      default:
        return false;
    }
  }

  /** To the next wave that has a proxy which no earlier one had. */
  #advance(now: number): void {
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
    this.#finish("done", now);
    this.#events.push({ kind: "done" });
  }

  /** Gives the proxies of a wave the new revision; those that had it not. */
  #choose(wave: Wave, now: number): string[] {
    const { members } = this.#state;
    const present = Object.entries(members)
      .filter(([, member]) => !isGone(member))
      .map(([id, { scope, canary }]) => ({ id, scope, canary }));
    const all = membersOf(wave, present);
    const ordinary = all.filter((id) => !members[id]!.canary).map(scoreOf);
    this.#state.cutoff = ordinary.length === 0 ? undefined : ordinary.reduce((a, b) => (a > b ? a : b));
    const chosen = all.filter((id) => !isChanged(members[id]!));
    for (const id of chosen) {
      const member = members[id]!;
      this.#change(member);
      if (member.awaySince === undefined && this.#mustMove(member)) {
        member.owesSince = now;
      }
      this.#note(id, member);
    }
    return chosen;
  }

  /** Goes on as far as nothing has to be waited for. */
  #settle(now: number): void {
    const state = this.#state;
    while (this.isRunning && this.#isComplete(now)) {
      if (this.#hasProxies && !this.#hasBaked(now)) {
        return;
      }
      this.#advance(now);
    }
    if (this.#isTakingBack && this.#owing.size === 0) {
      state.returned = now;
      this.#events.push({ kind: "returned" });
    }
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
    const wave = this.#wave;
    return wave !== undefined && wave.kind !== "shadow";
  }

  #isComplete(now: number): boolean {
    const { shadow, questions, wave, notBefore } = this.#state;
    if (wave < 0) {
      return now >= notBefore;
    }
    return (
      this.#owing.size === 0 &&
      questions !== "waiting" &&
      (this.#wave?.kind !== "shadow" || shadow !== "waiting")
    );
  }

  /** The proxy is one of those that shall have the new revision. */
  #change(member: MemberState): void {
    this.#tally.changed(member);
    member.wave = this.#state.wave;
    member.departures = 0;
  }

  /** Whether a proxy has something else than it shall have, or may have it. */
  #mustMove(member: MemberState): boolean {
    const { from, to } = this.#state;
    if (this.isRunning) {
      return isChanged(member) && member.has !== to;
    }
    return this.#isTakingBack && (isChanged(member) || member.base !== from) && member.has !== from;
  }

  /** Keeps `#owing`: who is waited for. */
  #note(id: string, member: MemberState): void {
    const mustMove = this.#mustMove(member) || member.owesSince !== undefined;
    // One that is away may have lost what it had.
    const isAway = this.isRunning && isChanged(member) && member.awaySince !== undefined;
    if (!isGone(member) && (mustMove || isAway)) {
      this.#owing.add(id);
    } else {
      this.#owing.delete(id);
    }
  }

  #checkLost(now: number): void {
    const alarm = this.isRunning ? lostAlarm(this.#state) : undefined;
    if (alarm !== undefined) {
      this.#fail(alarm, now);
    }
  }

  #fail(alarm: Alarm & Pick<RolloutFailure, "step" | "rules">, now: number): void {
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
        member.owesSince = member.awaySince === undefined && this.#mustMove(member) ? now : undefined;
      }
      this.#note(id, member);
    }
    this.#events.push({ kind: "failed", failure, proxies });
    this.#settle(now);
  }

  #supersede(by: string, now: number): void {
    this.#finish("superseded", now);
    this.#events.push({ kind: "superseded", by });
  }

  #finish(phase: RolloutState["phase"], now: number): void {
    this.#state.phase = phase;
    this.#state.ended = now;
    this.#state.bakingSince = undefined;
    this.#owing.clear();
  }
}

function hasLabels(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>> | undefined,
): boolean {
  return wanted !== undefined && Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

/** What a proxy has when a roll-out begins: what it has by the one that the new one supersedes. */
function baseOf(known: MemberState | undefined, running: RolloutState | undefined, old: string): string {
  if (known === undefined || running === undefined) {
    return old;
  }
  return isChanged(known) ? running.to : known.base;
}

/** What it answered by a revision that all had: not by one that was never finished. */
function answeredEarlier(
  last: RolloutState | undefined,
  name: string,
  lately: Responses | undefined,
): Responses | undefined {
  const known = last?.members[name];
  if (known === undefined || !isChanged(known)) {
    return lately;
  }
  const before = known.earlier === undefined ? known.before : plus(known.earlier, known.before);
  switch (last?.phase) {
    case "running":
      return before;
    case "done":
      return lately ?? known.after;
    default:
      return lately ?? before;
  }
}

function blank(scope: string, canary: boolean, base: string): MemberState {
  const nothing = { requests: 0, serverErrors: 0 };
  return { scope, canary, base, departures: 0, before: nothing, after: nothing };
}

function refusalOf(
  proxy: string,
  outcome: Exclude<Outcome, { kind: "taken" }>,
): Pick<RolloutFailure, "proxy" | "step" | "words"> & { readonly gate: Gate } {
  return {
    gate: outcome.kind === "refused" ? "refusal" : "deadline",
    proxy,
    ...(outcome.kind !== "unknown" && { step: outcome.step }),
    words: outcome.words,
  };
}

/** The changed proxy of a scope with the largest share of errors. */
function worstOf({ members }: RolloutState, scope: string): string {
  const [worst] = Object.entries(members)
    .filter(([, member]) => isChanged(member) && member.scope === scope)
    .sort(([, a], [, b]) => b.after.serverErrors - a.after.serverErrors);
  return worst![0];
}
