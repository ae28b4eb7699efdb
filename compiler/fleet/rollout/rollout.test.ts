import { describe, expect, test } from "vitest";
import type { RolloutEvent } from "./event.ts";
import { ANSWER_MS, LOST_MS } from "./limits.ts";
import type { Outcome } from "./outcome.ts";
import { DEFAULT_PLAN, type RolloutPlan } from "./plan.ts";
import { Rollout } from "./rollout.ts";
import type { Member } from "./state.ts";
import { scoreOf } from "./waves.ts";

const BAKE_MS = 1_000;
const plan: RolloutPlan = { ...DEFAULT_PLAN, waves: ["shadow", "1", "25%", "100%"], bakeMs: BAKE_MS };
const REFUSED: Outcome = { kind: "refused", step: "clusters", words: ["no"] };
const SILENT: Outcome = { kind: "silent", step: "clusters", words: ["nothing"] };

const member = (id: string, scope = "s", labels: Member["labels"] = {}): Member => ({ id, scope, labels });
const fleet = (n: number, scope = "s"): Member[] =>
  Array.from({ length: n }, (_, i) => member(`p${i}`, scope)).sort((a, b) =>
    scoreOf(a.id) < scoreOf(b.id) ? -1 : 1,
  );

function begin(members: readonly Member[], own: Partial<RolloutPlan> = {}, now = 0): Rollout {
  return Rollout.begin({ id: "r", from: "old", to: "new", plan: { ...plan, ...own }, members, now });
}

const changed = (rollout: Rollout, members: readonly Member[]) =>
  members.filter((one) => rollout.revisionOf(one) === "new").map(({ id }) => id);
const kinds = (events: readonly RolloutEvent[]) => events.map(({ kind }) => kind);
const take = (rollout: Rollout, ids: readonly string[], now: number) => {
  for (const id of ids) {
    rollout.answered(id, "new", { kind: "taken" }, now);
  }
};

/** Through the waves up to the one of a number; everybody takes everything. */
function upTo(rollout: Rollout, members: readonly Member[], wave: number, now: number): number {
  rollout.shadowed({ kind: "taken" }, now);
  let time = now;
  while (rollout.state.wave < wave) {
    take(rollout, changed(rollout, members), time);
    time += BAKE_MS;
    rollout.tick(time);
  }
  return time;
}

describe("waves", () => {
  test("go from the shadow to one of each scope, to a share, to all", () => {
    const members = [...fleet(20), member("other", "t")];
    const rollout = begin(members);
    expect(changed(rollout, members)).toEqual([]);
    rollout.shadowed({ kind: "taken" }, 10);
    expect(changed(rollout, members)).toEqual([members[0]!.id, "other"]);
    take(rollout, changed(rollout, members), 20);
    expect(rollout.tick(20)).toBe(20 + BAKE_MS);
    rollout.tick(20 + BAKE_MS - 1);
    expect(rollout.state.wave).toBe(1);
    rollout.tick(20 + BAKE_MS);
    // A quarter of 21, and those that had it.
    expect(changed(rollout, members).length).toBeGreaterThanOrEqual(6);
    expect(changed(rollout, members)).toEqual(expect.arrayContaining([members[0]!.id, "other"]));
    take(rollout, changed(rollout, members), 5_000);
    rollout.tick(5_000 + BAKE_MS);
    expect(changed(rollout, members)).toHaveLength(21);
    take(rollout, changed(rollout, members), 9_000);
    rollout.tick(9_000 + BAKE_MS);
    expect(rollout.state).toMatchObject({ phase: "done", ended: 9_000 + BAKE_MS });
    expect(kinds(rollout.takeEvents())).toEqual([
      ...["wave", "wave", "baking", "wave", "baking", "wave", "baking", "done"],
    ]);
  });

  test("wait for the last proxy", () => {
    const members = fleet(4);
    const rollout = begin(members, { waves: ["2", "100%"] });
    take(rollout, [members[0]!.id], 0);
    rollout.tick(BAKE_MS * 5);
    expect(rollout.state.wave).toBe(0);
    take(rollout, [members[1]!.id], BAKE_MS * 5);
    rollout.tick(BAKE_MS * 6);
    expect(rollout.state.wave).toBe(1);
  });

  test("that add nobody are passed over", () => {
    const members = fleet(2);
    const rollout = begin(members, { waves: ["1", "5%", "25%", "100%"] });
    expect(upTo(rollout, members, 3, 0)).toBe(BAKE_MS);
    expect(changed(rollout, members)).toHaveLength(2);
  });

  test("begin with the proxies that have the labels, where some have", () => {
    const members = [
      ...fleet(10),
      member("x", "s", { track: "canary", a: "b" }),
      member("y", "s", { track: "stable" }),
    ];
    const rollout = begin(members, { waves: ["1", "5%", "100%"], canaryLabels: { track: "canary" } });
    expect(changed(rollout, members)).toEqual(["x"]);
    const without = begin(fleet(10), { waves: ["1", "100%"], canaryLabels: { track: "canary" } });
    expect(changed(without, fleet(10))).toEqual([fleet(10)[0]!.id]);
  });

  test("have the same proxies first, whatever the revision and whoever joins", () => {
    const few = fleet(100);
    const first = begin(few, { waves: ["5%", "100%"] });
    const more = [...few, ...Array.from({ length: 5 }, (_, i) => member(`more${i}`))];
    const second = Rollout.begin({
      ...{ id: "q", from: "x", to: "new", now: 7, members: more },
      plan: first.state.plan,
    });
    const [a, b] = [changed(first, few), changed(second, more)];
    expect(a).toHaveLength(5);
    expect(b.filter((id) => a.includes(id)).length).toBeGreaterThanOrEqual(4);
  });

  test("everybody at once, where nobody has anything, where it is what all had, and where it cannot wait", () => {
    const members = fleet(3);
    const first = Rollout.begin({ id: "r", to: "new", plan, members, now: 0 });
    expect(first.state.phase).toBe("done");
    expect(changed(first, members)).toHaveLength(3);
    const now = begin(members, { waves: ["100%"], bakeMs: 0, now: true });
    expect(changed(now, members)).toHaveLength(3);
    take(now, changed(now, members), 1);
    expect(now.state.phase).toBe("done");
  });
});

describe("proxies that come and go", () => {
  test("get the revision of their wave", () => {
    const members = fleet(10);
    const rollout = begin(members, { waves: ["1", "25%", "100%"] });
    const [canary, other] = [members[0]!, members[1]!];
    take(rollout, [canary.id], 0);
    for (const one of [canary, other]) {
      rollout.left(one.id, 10);
      rollout.joined(one, 20);
    }
    expect(rollout.revisionOf(canary)).toBe("new");
    expect(rollout.revisionOf(other)).toBe("old");
    // The first of a scope of its own is one of each scope; another one of a known scope is not.
    rollout.joined(member("first", "t"), 30);
    rollout.joined(member("second", "t"), 30);
    expect(rollout.revisionOf(member("first", "t"))).toBe("new");
    expect(rollout.revisionOf(member("second", "t"))).toBe("old");
  });

  test("are waited for, and are lost after a while: then nobody else gets the revision", () => {
    const members = fleet(10);
    const rollout = begin(members, { waves: ["1", "100%"] });
    take(rollout, [members[0]!.id], 0);
    rollout.left(members[0]!.id, BAKE_MS - 1);
    expect(rollout.tick(BAKE_MS)).toBe(BAKE_MS - 1 + LOST_MS);
    expect(rollout.state.wave).toBe(0);
    rollout.tick(BAKE_MS - 1 + LOST_MS);
    expect(rollout.state.failure).toMatchObject({
      gate: "lost",
      proxy: members[0]!.id,
      wave: "1",
      numbers: { changed: { proxies: 1, lost: 1 }, unchanged: { proxies: 9, lost: 0 } },
    });
    expect(changed(rollout, members)).toEqual([]);
  });

  test("that are lost like the others are no reason to stop", () => {
    const members = fleet(20);
    const rollout = begin(members, { waves: ["50%", "100%"] });
    take(rollout, changed(rollout, members), 0);
    for (const { id } of [members[0]!, ...members.slice(10, 14)]) {
      rollout.left(id, 1);
    }
    rollout.tick(1 + LOST_MS);
    expect(rollout.state.phase).toBe("running");
    expect(rollout.state.wave).toBe(1);
  });

  test("that keep breaking are lost, although they come back", () => {
    const members = fleet(10);
    const rollout = begin(members, { waves: ["1", "100%"] });
    for (let i = 0; i < 3; i++) {
      take(rollout, [members[0]!.id], i);
      rollout.left(members[0]!.id, i);
      rollout.joined(members[0]!, i);
    }
    expect(rollout.state.failure).toMatchObject({ gate: "lost" });
  });

  test("are no reason to stop when the server itself was away, and no wave begins before they are back", () => {
    const members = fleet(10);
    const rollout = begin(members, { waves: ["1", "100%"] });
    take(rollout, [members[0]!.id], 0);
    const again = Rollout.restore(rollout.state, 100_000);
    again.tick(100_000 + BAKE_MS);
    expect(again.state.wave).toBe(0);
    for (const one of members) {
      again.joined(one, 103_000);
    }
    expect(again.revisionOf(members[0]!)).toBe("new");
    again.tick(104_000);
    expect(again.state.wave).toBe(1);
    const late = Rollout.begin({ id: "r", from: "old", to: "new", plan, members: [], now: 0, startedAt: 0 });
    expect(late.tick(1)).toBe(LOST_MS);
    expect(late.state).toMatchObject({ phase: "running", wave: -1 });
    late.joined(member("a"), 2);
    late.tick(LOST_MS);
    expect(late.state.wave).toBe(0);
  });
});

describe("gates", () => {
  test.each([
    ["refusal", REFUSED],
    ["deadline", SILENT],
    ["deadline", { kind: "unknown", words: ["?"] } as Outcome],
  ])("%s", (gate, outcome) => {
    const members = fleet(10);
    const rollout = begin(members, { waves: ["20%", "100%"] });
    take(rollout, [members[0]!.id], 0);
    rollout.answered(members[1]!.id, "new", outcome, 5);
    expect(rollout.state).toMatchObject({ phase: "failed", failure: { gate, proxy: members[1]!.id, at: 5 } });
    expect(rollout.takeEvents().at(-1)).toMatchObject({ kind: "failed", proxies: changedIn(members, 2) });
    // Whoever refuses has what it had; who says nothing of that either has to be asked.
    const asked = outcome.kind === "unknown" ? [members[1]!, members[0]!] : [members[0]!];
    for (const [index, { id }] of asked.entries()) {
      expect(rollout.takeEvents()).toEqual([]);
      rollout.answered(id, "old", { kind: "taken" }, 6 + index);
    }
    expect(kinds(rollout.takeEvents())).toEqual(["returned"]);
    expect(rollout.state.returned).toBe(5 + asked.length);
    rollout.blame([{ name: "a/b#1", file: "rules.yaml", line: 3 }]);
    expect(rollout.state.failure?.rules).toHaveLength(1);
  });

  const changedIn = (members: readonly Member[], n: number) =>
    expect.arrayContaining(members.slice(0, n).map(({ id }) => id));

  test("the server's own Envoy refuses: no proxy ever gets it", () => {
    const members = fleet(10);
    const rollout = begin(members);
    rollout.shadowed(REFUSED, 3);
    expect(rollout.state.failure).toMatchObject({ gate: "refusal", proxy: "shadow", wave: "shadow" });
    expect(kinds(rollout.takeEvents())).toEqual(["wave", "failed", "returned"]);
  });

  test("a proxy that says nothing at all", () => {
    const members = fleet(10);
    const rollout = begin(members, { waves: ["1", "100%"] });
    expect(rollout.tick(0)).toBe(ANSWER_MS);
    rollout.tick(ANSWER_MS);
    expect(rollout.state.failure).toMatchObject({ gate: "deadline", proxy: members[0]!.id });
  });

  test("questions: no proxy gets the revision before they are answered", () => {
    const members = fleet(3);
    const rollout = begin(members, { asks: true });
    rollout.shadowed({ kind: "taken" }, 0);
    expect(changed(rollout, members)).toEqual([]);
    rollout.asked({ kind: "passed" }, 1);
    expect(changed(rollout, members)).toHaveLength(1);
    const wrong = begin(members, { asks: true });
    wrong.asked({ kind: "failed", gate: "cases", words: ["expected 200, got 404"] }, 1);
    expect(wrong.state.failure).toMatchObject({ gate: "cases" });
  });

  test("errors of the changed proxies, and none of the others", () => {
    const members = fleet(20);
    const rollout = begin(members, { waves: ["1", "100%"], bakeMs: 60_000 });
    const report = (now: number) => {
      for (const [i, { id }] of members.entries()) {
        rollout.responses(id, { requests: 500, serverErrors: i === 0 ? 15 : 0 }, now);
      }
    };
    // Before it has acknowledged, nobody can say by which revision it answers.
    report(1);
    expect(rollout.state.phase).toBe("running");
    take(rollout, [members[0]!.id], 2);
    report(5_000);
    report(10_000);
    expect(rollout.state).toMatchObject({
      phase: "failed",
      failure: { gate: "responses", proxy: members[0]!.id, numbers: { changed: { serverErrors: 15 } } },
    });
  });

  test("a limit that somebody set", () => {
    const members = fleet(2);
    const rollout = begin(members, { waves: ["1", "100%"], max5xx: 0.005 });
    take(rollout, [members[0]!.id], 0);
    rollout.responses(members[1]!.id, { requests: 200, serverErrors: 1 }, 1);
    rollout.responses(members[0]!.id, { requests: 99, serverErrors: 2 }, 1);
    expect(rollout.state.phase).toBe("running");
    rollout.responses(members[0]!.id, { requests: 1, serverErrors: 0 }, 2);
    expect(rollout.state.failure).toMatchObject({ gate: "responses" });
  });
});

describe("whoever is in charge", () => {
  test("promotes: the next wave begins at once", () => {
    const members = fleet(8);
    const rollout = begin(members);
    rollout.promote(1);
    expect(changed(rollout, members)).toHaveLength(1);
    rollout.promote(2);
    rollout.promote(3);
    expect(changed(rollout, members)).toHaveLength(8);
    rollout.promote(4);
    expect(rollout.state.phase).toBe("done");
  });

  test("aborts: everybody has the old revision", () => {
    const members = fleet(8);
    const rollout = begin(members, { waves: ["50%", "100%"] });
    rollout.abort("by hand", 1);
    expect(rollout.state).toMatchObject({
      phase: "aborted",
      failure: { gate: "operator", words: ["by hand"] },
    });
    expect(changed(rollout, members)).toEqual([]);
  });

  test("changes the rules again: a newer revision starts from what each proxy has", () => {
    const members = fleet(8);
    const first = begin(members, { waves: ["25%", "50%", "100%"] });
    upTo(first, members, 1, 0);
    const next = Rollout.begin({
      ...{ id: "q", from: "old", to: "newer", now: 9_000, members, previous: first },
      plan: { ...plan, waves: ["25%", "100%"] },
    });
    expect(first.state.phase).toBe("superseded");
    const revisions = () => members.map((one) => next.revisionOf(one));
    expect(revisions()).toEqual([...["newer", "newer", "new", "new"], ...Array(4).fill("old")]);
    next.answered(members[0]!.id, "newer", REFUSED, 9_001);
    expect(revisions()).toEqual(Array(8).fill("old"));
    expect(next.takeEvents().at(-1)).toMatchObject({
      kind: "failed",
      proxies: changedIds(members.slice(0, 4)),
    });
  });

  const changedIds = (members: readonly Member[]) => expect.arrayContaining(members.map(({ id }) => id));

  test("changes the rules back: everybody has what they had, at once", () => {
    const members = fleet(8);
    const first = begin(members, { waves: ["25%", "100%"] });
    const back = Rollout.begin({ id: "q", from: "old", to: "old", plan, members, now: 1, previous: first });
    expect(back.state.phase).toBe("done");
    expect(members.map((one) => back.revisionOf(one))).toEqual(Array(8).fill("old"));
  });
});
