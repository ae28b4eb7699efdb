/**
 * The roll-outs of a fleet: the one that runs, and the last ones that ran. Here is the clock of the state machine, and whoever it
 * has to ask: the server's own Envoy, cases and witnesses. Which proxy gets what is decided by `rollout/`.
 */

import type { ProxyOptions } from "../options.ts";
import type { FleetEvent } from "./model/event.ts";
import { FleetControlError } from "./model/fleet-control.ts";
import type { RolloutReport } from "./model/report.ts";
import type { Revision } from "./revisions/revision.ts";
import type { RolloutEvent } from "./rollout/event.ts";
import type { Outcome } from "./rollout/outcome.ts";
import { atOnce, type RolloutPlan } from "./rollout/plan.ts";
import { RecentResponses } from "./rollout/recent-responses.ts";
import { rolloutReport } from "./rollout/report.ts";
import { Rollout } from "./rollout/rollout.ts";
import type { BlamedRule, Member, Responses, RolloutState } from "./rollout/state.ts";
import type { ShadowAnswer } from "./shadow/shadow-envoy.ts";

export type QuestionsAnswer =
  | { readonly kind: "passed" }
  | {
      readonly kind: "failed";
      readonly gate: "cases" | "witnesses";
      readonly words: readonly string[];
      readonly rules?: readonly BlamedRule[];
    };

/** Who tries a revision before any proxy gets it. What is absent is not asked. */
export interface Trials {
  shadow?(revision: Revision): Promise<ShadowAnswer>;
  /** `claims`: of each proxy. */
  ask?(from: Revision, to: Revision, claims: readonly ProxyOptions[]): Promise<QuestionsAnswer>;
  /** Which rules a failure points at. */
  blame?(from: Revision | undefined, to: Revision, words: readonly string[]): readonly BlamedRule[];
}

export interface RolloutsOptions {
  /** One of those that are remembered. */
  readonly find: (id: string) => Revision | undefined;
  readonly plan: RolloutPlan;
  readonly trials?: Trials;
  /** What the proxies claim that are part of the fleet now. */
  readonly claims: () => readonly ProxyOptions[];
  readonly onEvent: (event: FleetEvent) => void;
  /** Some proxies shall have something else than before. */
  readonly onDecision: () => void;
}

/** After something was said, for others to be said with it. */
const SOON_MS = 20;

/** Plain JSON. */
export interface RolloutsState {
  readonly current: RolloutState;
  /** The newest first. */
  readonly reports: readonly RolloutReport[];
}

/** How many are remembered. */
const KEPT = 20;

export class Rollouts {
  readonly #options: RolloutsOptions;
  #current: Rollout | undefined;
  readonly #recent = new RecentResponses();
  /** When this server took up what another one had left. */
  #startedAt: number | undefined;
  #reports: RolloutReport[] = [];
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = 0;
  #isClosed = false;
  /** Another server decides. */
  #isFollowing = false;

  constructor(options: RolloutsOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#current?.isRunning ?? false;
  }

  /** What is rolled out, or was. */
  get newest(): Revision | undefined {
    return this.#current && this.#options.find(this.#current.state.to);
  }

  /** Those that some proxy may have to have; last what is rolled out, or was. */
  get revisions(): readonly Revision[] {
    const state = this.#current?.state;
    if (state === undefined) {
      return [];
    }
    // Where one roll-out has taken another's place, some keep what they had by that until their wave comes.
    const kept = this.isRunning ? Object.values(state.members).map(({ base }) => base) : [];
    const older = new Set([...kept, ...(state.from === undefined ? [] : [state.from])]);
    older.delete(state.to);
    return [...older, state.to].flatMap((id) => this.#options.find(id) ?? []);
  }

  /** What is kept of them when the server ends; `undefined` before the first. */
  get state(): RolloutsState | undefined {
    return this.#current && { current: this.#current.state, reports: this.#reports };
  }

  /** Shows what the server that decides has published. What is said here from now on changes nothing. */
  follow(state: RolloutsState | undefined): void {
    this.#isFollowing = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (state !== undefined) {
      this.#current = Rollout.restore(state.current);
      this.#reports = [...state.reports];
    }
  }

  /** Decides from now on, where nothing was kept to go on from. */
  lead(): void {
    this.#isFollowing = false;
    this.#pump();
  }

  /** Goes on from what was kept, by a server whose proxies have lost their streams. */
  resume({ current, reports }: RolloutsState): void {
    this.#isFollowing = false;
    this.#startedAt = Date.now();
    this.#reports = [...reports];
    const rollout = Rollout.restore(current, this.#startedAt);
    this.#current = rollout;
    // Whoever was asked answered a server that is gone.
    if (
      rollout.isRunning &&
      current.wave === 0 &&
      current.shadow === "waiting" &&
      current.plan.waves[0] === "shadow"
    ) {
      this.#askShadow(rollout);
    }
    if (rollout.isRunning && current.wave >= 0 && current.questions === "waiting") {
      this.#askQuestions(rollout);
    }
    this.#pump();
  }

  /** Ends the roll-out that runs, if one does; its proxies go on from what they have. */
  begin(from: Revision | undefined, to: Revision, members: readonly Member[], now = false): void {
    const { plan, trials, onEvent } = this.#options;
    const previous = this.#current;
    const wasRunning = this.isRunning;
    const began = Date.now();
    const own: RolloutPlan = { ...(now ? atOnce(plan) : plan), asks: !now && trials?.ask !== undefined };
    const next = Rollout.begin({
      id: `${to.id}-${began.toString(36)}`,
      from: from?.id,
      to: to.id,
      plan: own,
      members: members.map((member) => ({ ...member, lately: this.#recent.of(member.id, began) })),
      now: began,
      previous,
      startedAt: this.#startedAt,
    });
    this.#remember();
    this.#current = next;
    if (wasRunning && previous !== undefined) {
      onEvent({ kind: "superseded", revision: previous.state.to, by: to.id });
    }
    this.#pump();
  }

  /** What a proxy shall have; `undefined` before the first revision. */
  revisionOf(member: Member): Revision | undefined {
    const id = this.#current?.revisionOf(member);
    return id === undefined ? undefined : this.#options.find(id);
  }

  joined(member: Member): void {
    this.#tell((rollout, now) => rollout.joined(member, now));
  }

  left(proxy: string): void {
    this.#tell((rollout, now) => rollout.left(proxy, now));
  }

  answered(proxy: string, revision: string, outcome: Outcome): void {
    if (outcome.kind === "taken") {
      this.#recent.changed(proxy);
    }
    this.#tell((rollout, now) => rollout.answered(proxy, revision, outcome, now));
  }

  responses(proxy: string, counts: Responses): void {
    this.#recent.answered(proxy, counts, Date.now());
    this.#tell((rollout, now) => rollout.responses(proxy, counts, now));
  }

  /** Throws a `FleetControlError` when none runs. */
  promote(): void {
    this.#running().promote(Date.now());
    this.#pump();
  }

  /** Throws a `FleetControlError` when none runs. */
  abort(why: string): void {
    this.#running().abort(why, Date.now());
    this.#pump();
  }

  /** The newest first. */
  reports(): RolloutReport[] {
    return [...(this.#current === undefined ? [] : [rolloutReport(this.#current.state)]), ...this.#reports];
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #running(): Rollout {
    if (this.#current?.isRunning !== true) {
      throw new FleetControlError("conflict", "no roll-out is under way");
    }
    return this.#current;
  }

  #remember(): void {
    if (this.#current !== undefined) {
      this.#reports = [rolloutReport(this.#current.state), ...this.#reports].slice(0, KEPT - 1);
    }
  }

  #tell(say: (rollout: Rollout, now: number) => void): void {
    if (this.#current !== undefined && !this.#isFollowing) {
      say(this.#current, Date.now());
      this.#carryOutAll(this.#current);
      this.#wake(SOON_MS);
    }
  }

  /** Carries out what is due and what was decided, and comes back when something is due. */
  #pump(): void {
    const rollout = this.#current;
    if (rollout === undefined || this.#isClosed || this.#isFollowing) {
      return;
    }
    const now = Date.now();
    const next = rollout.tick(now);
    this.#carryOutAll(rollout);
    if (next !== undefined) {
      this.#wake(Math.max(next - now, 0));
    }
  }

  /** What is due is looked for among all proxies: once for whatever thousands of them say at a time. */
  #wake(inMs: number): void {
    const at = Date.now() + inMs;
    if (this.#isClosed || (this.#timer !== undefined && this.#wakesAt <= at)) {
      return;
    }
    clearTimeout(this.#timer);
    this.#wakesAt = at;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, inMs);
    this.#timer.unref();
  }

  #carryOutAll(rollout: Rollout): void {
    const events = rollout.takeEvents();
    for (const event of events) {
      this.#carryOut(rollout, event);
    }
    if (events.length > 0) {
      this.#options.onDecision();
    }
  }

  #carryOut(rollout: Rollout, event: RolloutEvent): void {
    const { onEvent, trials } = this.#options;
    const revision = rollout.state.to;
    switch (event.kind) {
      case "wave":
        onEvent({ ...event, revision });
        if (event.proxies.length === 0) {
          this.#askShadow(rollout);
        }
        if (event.number === 1 && rollout.state.questions === "waiting") {
          this.#askQuestions(rollout);
        }
        break;
      case "failed": {
        const { from, to } = this.#sides(rollout);
        rollout.blame((to && trials?.blame?.(from, to, event.failure.words)) ?? []);
        onEvent({ kind: "stopped", revision, report: rolloutReport(rollout.state), proxies: event.proxies });
        break;
      }
      case "baking":
      case "superseded":
        onEvent({ ...event, revision });
        break;
      case "done":
        onEvent({ kind: "serving", revision });
        break;
      case "returned":
        onEvent({ kind: "returned", revision: rollout.state.from ?? revision });
        break;
    }
  }

  #askShadow(rollout: Rollout): void {
    const { to } = this.#sides(rollout);
    const answer = to && this.#options.trials?.shadow?.(to);
    this.#try(rollout, answer, (said, now) => rollout.shadowed(said, now), { kind: "skipped" });
  }

  #askQuestions(rollout: Rollout): void {
    const { from, to } = this.#sides(rollout);
    const answer = from && to && this.#options.trials?.ask?.(from, to, this.#options.claims());
    this.#try(rollout, answer, (said, now) => rollout.asked(said, now), { kind: "passed" });
  }

  #sides({ state }: Rollout): { readonly from: Revision | undefined; readonly to: Revision | undefined } {
    const { find } = this.#options;
    return { from: state.from === undefined ? undefined : find(state.from), to: find(state.to) };
  }

  /** `otherwise`: where nobody is there to ask. A trial that breaks is no reason to hold the rules back: it is said. */
  #try<Answer>(
    rollout: Rollout,
    trial: Promise<Answer> | undefined,
    take: (answer: Answer, now: number) => void,
    otherwise: Answer,
  ): void {
    void (trial ?? Promise.resolve(otherwise))
      .catch((error) => {
        // One that was given up for a newer revision has nothing to say.
        if (rollout === this.#current && !this.#isClosed) {
          this.#options.onEvent({ kind: "failed", error });
        }
        return otherwise;
      })
      .then((answer) => {
        if (rollout === this.#current) {
          take(answer, Date.now());
          this.#pump();
        }
      });
  }
}
