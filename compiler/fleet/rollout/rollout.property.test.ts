/**
 * A roll-out held against a fleet that does what it likes: proxies join, restart, die and come back, answer late, refuse or say
 * nothing, in any order, while time passes and somebody interferes. Whatever happens, some things hold.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RolloutEvent } from "./event.ts";
import type { Outcome } from "./outcome.ts";
import type { RolloutPlan } from "./plan.ts";
import { Rollout } from "./rollout.ts";
import type { Member } from "./state.ts";
import { scoreOf } from "./waves.ts";

const PLANS: readonly RolloutPlan[] = [
  { waves: ["shadow", "1", "25%", "100%"], bakeMs: 500 },
  { waves: ["2", "50%", "100%"], bakeMs: 0 },
  { waves: ["shadow", "1", "30%", "100%"], bakeMs: 500, canaryLabels: { track: "canary" }, asks: true },
  { waves: ["100%"], bakeMs: 0, now: true },
];
const IDS = Array.from({ length: 12 }, (_, i) => `p${i}`);
const memberOf = (id: string): Member => ({
  id,
  scope: Number(id.slice(1)) % 3 === 0 ? "s" : "t",
  labels: { track: id === "p5" || id === "p7" ? "canary" : "stable" },
});

type Action =
  | { readonly kind: "join" | "leave" | "take" | "refuse" | "silent"; readonly id: string }
  | { readonly kind: "report"; readonly id: string; readonly errors: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "shadow" | "asked" | "restart" | "promote" | "abort" | "newer" };

const id = fc.constantFrom(...IDS);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("take" as const), id }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(3_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("join" as const, "leave" as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("refuse" as const, "silent" as const), id }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("report" as const), id, errors: fc.constantFrom(0, 0, 0, 9) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("shadow" as const, "asked" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("restart" as const, "promote" as const, "abort" as const, "newer" as const),
    }),
  },
);

/** A proxy, and the server's side of it as `Fleet` has it: what it is being given, of which only the newest counts. */
interface Proxy {
  isThere: boolean;
  has: string;
  wanted?: string;
}

/** A fleet that obeys a roll-out, and checks what it is told. */
class ModelFleet {
  rollout: Rollout;
  readonly proxies = new Map<string, Proxy>();
  readonly events: RolloutEvent[] = [];
  now = 0;
  #revisions = 1;

  readonly #plan: RolloutPlan;

  constructor(plan: RolloutPlan, initial: readonly string[]) {
    this.#plan = plan;
    for (const name of initial) {
      this.proxies.set(name, { isThere: true, has: "r0" });
    }
    this.rollout = this.#begin();
    this.#obey(undefined, new Set());
  }

  do(action: Action): void {
    const { id: current } = this.rollout.state;
    const before = this.#changed();
    const joining = action.kind === "join" && !this.proxies.get(action.id)?.isThere ? action.id : undefined;
    this.#act(action);
    this.#obey(joining, current === this.rollout.state.id ? before : new Set());
  }

  /** Everybody answers as they should, and time passes, until nothing happens any more. */
  drain(): void {
    for (let round = 0; round < 20; round++) {
      this.do({ kind: "shadow" });
      this.do({ kind: "asked" });
      for (const name of this.proxies.keys()) {
        this.do({ kind: "take", id: name });
      }
      this.do({ kind: "wait", ms: 2_000 });
    }
  }

  revisionOf(name: string): string {
    return this.rollout.revisionOf(memberOf(name));
  }

  present(): string[] {
    return [...this.proxies].filter(([, { isThere }]) => isThere).map(([name]) => name);
  }

  #begin(previous?: Rollout): Rollout {
    const from =
      previous === undefined
        ? "r0"
        : previous.state.phase === "done"
          ? previous.state.to
          : previous.state.from!;
    return Rollout.begin({
      id: String(this.#revisions),
      from,
      to: `r${this.#revisions++}`,
      plan: this.#plan,
      members: this.present().map(memberOf),
      now: this.now,
      previous,
    });
  }

  #act(action: Action): void {
    const { rollout, now } = this;
    switch (action.kind) {
      case "join": {
        const known = this.proxies.get(action.id);
        if (!known?.isThere) {
          this.proxies.set(action.id, { isThere: true, has: known?.has ?? "nothing" });
          rollout.joined(memberOf(action.id), now);
        }
        return;
      }
      case "leave": {
        const known = this.proxies.get(action.id);
        if (known?.isThere) {
          known.isThere = false;
          delete known.wanted;
          rollout.left(action.id, now);
        }
        return;
      }
      case "take":
      case "refuse":
      case "silent": {
        const known = this.proxies.get(action.id);
        const revision = known?.wanted;
        if (known?.isThere && revision !== undefined) {
          // What it had before it takes again, or no roll-out could ever be taken back.
          const takes = action.kind === "take" || revision === rollout.state.from;
          delete known.wanted;
          known.has = takes ? revision : known.has;
          rollout.answered(
            action.id,
            revision,
            takes ? { kind: "taken" } : REFUSALS[action.kind as "refuse"],
            now,
          );
        }
        return;
      }
      case "report":
        rollout.responses(action.id, { requests: 100, serverErrors: action.errors }, now);
        return;
      case "wait":
        this.now += action.ms;
        rollout.tick(this.now);
        return;
      case "shadow":
        rollout.shadowed({ kind: "taken" }, now);
        return;
      case "asked":
        rollout.asked({ kind: "passed" }, now);
        return;
      case "promote":
        rollout.promote(now);
        return;
      case "abort":
        rollout.abort("by hand", now);
        return;
      case "restart":
        // The server is killed, comes back with what it had written down, and so do its proxies.
        this.rollout = Rollout.restore(JSON.parse(JSON.stringify(rollout.state)), now);
        for (const name of this.present()) {
          this.rollout.joined(memberOf(name), now);
          delete this.proxies.get(name)!.wanted;
        }
        return;
      case "newer":
        this.rollout = this.#begin(rollout);
    }
  }

  /** Gives every proxy what it shall have. */
  #obey(joining: string | undefined, before: ReadonlySet<string>): void {
    const events = this.rollout.takeEvents();
    this.events.push(...events);
    const { state } = this.rollout;
    const given = new Set(events.flatMap((event) => (event.kind === "wave" ? event.proxies : [])));
    const isOver = state.phase !== "running";
    for (const name of this.present()) {
      const wanted = this.revisionOf(name);
      const proxy = this.proxies.get(name)!;
      // Only a wave gives the new revision, or who joins a wave that it belongs to.
      if (state.phase === "running" && wanted === state.to && !before.has(name)) {
        expect(given.has(name) || name === joining, `${name} was given ${wanted} outside of its wave`).toBe(
          true,
        );
        expect(state.wave, "no proxy is part of the shadow's wave").toBeGreaterThanOrEqual(
          state.plan.waves[0] === "shadow" ? 1 : 0,
        );
      }
      const last = state.phase === "done" ? state.to : state.from;
      if (isOver && wanted !== last) {
        expect.unreachable(`${name} shall have ${wanted} after a roll-out that ended at ${last}`);
      }
      if (proxy.has !== wanted && proxy.wanted !== wanted) {
        proxy.wanted = wanted;
      } else if (proxy.has === wanted && proxy.wanted !== undefined) {
        proxy.wanted = wanted;
      } else if (proxy.wanted === undefined && this.#owes(name)) {
        // What it has already is acknowledged at once.
        proxy.wanted = wanted;
      }
    }
  }

  #changed(): Set<string> {
    const { members } = this.rollout.state;
    return new Set(Object.keys(members).filter((name) => members[name]!.wave !== undefined));
  }

  #owes(name: string): boolean {
    return this.rollout.state.members[name]?.owesSince !== undefined;
  }
}

const REFUSALS: Readonly<Record<"refuse" | "silent", Outcome>> = {
  refuse: { kind: "refused", step: "clusters", words: ["no"] },
  silent: { kind: "silent", step: "clusters", words: ["?"] },
};

const scenario = fc.record({
  plan: fc.constantFrom(...PLANS),
  initial: fc.subarray(IDS),
  actions: fc.array(action, { maxLength: 60 }),
});
const RUNS = { numRuns: Number(process.env.SLUICE_ROLLOUTS ?? 100) };

describe("in any order of joins, losses, answers and time", () => {
  test("no proxy has the revision before its wave; it ends, and everybody then has the same", () => {
    fc.assert(
      fc.property(scenario, ({ plan, initial, actions }) => {
        const fleet = new ModelFleet(plan, initial);
        for (const one of actions) {
          fleet.do(one);
        }
        fleet.drain();
        const { phase, from, to, returned } = fleet.rollout.state;
        expect(phase).not.toBe("running");
        const last = phase === "done" ? to : from;
        for (const name of fleet.present()) {
          expect(fleet.proxies.get(name)!.has).toBe(last);
        }
        expect(phase === "done" || returned !== undefined).toBe(true);
        expect(fleet.rollout.tick(fleet.now + 1e9)).toBeUndefined();
      }),
      RUNS,
    );
  });

  test("who has written down the state goes on as if nothing had happened", () => {
    fc.assert(
      fc.property(scenario, ({ plan, initial, actions }) => {
        const fleet = new ModelFleet(plan, initial);
        const twin = new ModelFleet(plan, initial);
        for (const one of actions) {
          fleet.do(one);
          twin.rollout = Rollout.restore(JSON.parse(JSON.stringify(twin.rollout.state)));
          twin.do(one);
          expect(JSON.parse(JSON.stringify(twin.rollout.state))).toEqual(
            JSON.parse(JSON.stringify(fleet.rollout.state)),
          );
          expect(twin.rollout.tick(twin.now)).toBe(fleet.rollout.tick(fleet.now));
        }
        expect(twin.events).toEqual(fleet.events);
      }),
      RUNS,
    );
  });

  test("the same proxies are first each time, by waves that grow as they say", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(PLANS[0]!, PLANS[1]!),
        fc.subarray(IDS, { minLength: 1 }),
        (plan, initial) => {
          const orders = ["x", "y"].map((to) => {
            const members = initial.map(memberOf);
            const rollout = Rollout.begin({ id: to, from: "r0", to, plan, members, now: 0 });
            const waves: (readonly string[])[] = [];
            const note = () => {
              for (const event of rollout.takeEvents()) {
                if (event.kind === "wave" && event.proxies.length > 0) {
                  waves.push(event.proxies);
                }
              }
            };
            note();
            for (let round = 0; rollout.isRunning; round++) {
              rollout.promote(round);
              note();
            }
            return waves;
          });
          expect(orders[0]).toEqual(orders[1]);
          expect(orders[0]!.flat().sort()).toEqual([...initial].sort());
          // The first of each scope, as anybody can work out.
          const perScope = plan.waves.includes("1") ? 1 : 2;
          const sorted = [...initial].sort((a, b) => (scoreOf(a) < scoreOf(b) ? -1 : 1));
          const first = ["s", "t"].flatMap((scope) =>
            sorted.filter((name) => memberOf(name).scope === scope).slice(0, perScope),
          );
          expect([...orders[0]![0]!].sort()).toEqual(first.sort());
        },
      ),
      { numRuns: 100 },
    );
  });
});
