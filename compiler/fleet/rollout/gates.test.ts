/** What the gates see in traffic as it is: a fleet of twenty, a report every five seconds, and now and then an error. */

import { describe, expect, test } from "vitest";
import { DEFAULT_PLAN } from "./plan.ts";
import { RecentResponses } from "./recent-responses.ts";
import { Rollout } from "./rollout.ts";
import type { Member, Responses } from "./state.ts";

const REPORT_MS = 5_000;
const USUAL = 0.002;

/** Mulberry32: the same numbers each time. */
function dice(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How many of `n` come to pass, each with a small probability (Poisson's approximation). */
function drawn(random: () => number, n: number, probability: number): number {
  const limit = Math.exp(-n * probability);
  let count = -1;
  for (let product = 1; product > limit; count++) {
    product *= random();
  }
  return Math.max(0, count);
}

const members: Member[] = Array.from({ length: 20 }, (_, i) => ({ id: `p${i}`, scope: "s", labels: {} }));

interface Ended {
  readonly rollout: Rollout;
  /** How often the changed proxies had reported by then. */
  readonly reports: number;
}

/** Everybody takes everything; `share` is that of the changed proxies' 5xx. */
function rollOut(random: () => number, share: number, requests: number): Ended {
  const rollout = Rollout.begin({
    ...{ id: "r", from: "old", to: "new", plan: DEFAULT_PLAN, members, now: 0 },
  });
  rollout.shadowed({ kind: "taken" }, 0);
  let reports = 0;
  for (let now = 0; rollout.isRunning; now += REPORT_MS) {
    for (const member of members) {
      if (rollout.revisionOf(member) === "new") {
        rollout.answered(member.id, "new", { kind: "taken" }, now);
      }
    }
    for (const member of members) {
      const isChanged = rollout.revisionOf(member) === "new";
      const n = Math.round(requests * (0.5 + random()));
      const serverErrors = drawn(random, n, isChanged ? share : USUAL);
      rollout.responses(member.id, { requests: n, serverErrors }, now);
    }
    reports += 1;
    rollout.tick(now);
  }
  return { rollout, reports };
}

describe("in usual traffic", () => {
  test("100 good revisions raise no alarm", () => {
    const random = dice(1);
    for (let i = 0; i < 100; i++) {
      const { rollout } = rollOut(random, USUAL, [20, 500, 20_000][i % 3]!);
      expect(rollout.state.phase).toBe("done");
    }
  });

  test("3 % of 503 of a canary is noticed within two reports, and no other proxy has the revision", () => {
    const random = dice(2);
    for (let i = 0; i < 100; i++) {
      const { rollout, reports } = rollOut(random, 0.03 + USUAL, 2_000);
      expect(rollout.state.failure).toMatchObject({ gate: "responses", wave: "1" });
      expect(reports).toBeLessThanOrEqual(2);
    }
  });
});

describe("a lone proxy is compared with what it answered before", () => {
  const lone = members[0]!;

  /** One revision after another; `share` is that of the 5xx of the last one. `reports`: of the last one, until it ended. */
  function rollOutAll(random: () => number, count: number, share: number): Ended {
    const recent = new RecentResponses();
    let rollout: Rollout | undefined;
    let [now, reports] = [0, 0];
    for (let i = 1; i <= count; i++) {
      const [from, to] = [`r${i - 1}`, `r${i}`];
      const lately = recent.of(lone.id, now);
      rollout = Rollout.begin({
        ...{ id: to, from, to, plan: DEFAULT_PLAN, members: [{ ...lone, lately }], now, previous: rollout },
      });
      rollout.shadowed({ kind: "taken" }, now);
      rollout.answered(lone.id, to, { kind: "taken" }, now);
      recent.changed(lone.id);
      for (reports = 0; rollout.isRunning; now += REPORT_MS) {
        const requests = Math.round(2_000 * (0.5 + random()));
        const counts = { requests, serverErrors: drawn(random, requests, i === count ? share : USUAL) };
        rollout.responses(lone.id, counts, now);
        recent.answered(lone.id, counts, now);
        reports += 1;
        rollout.tick(now);
      }
      expect(rollout.state.phase === "done" || i === count).toBe(true);
    }
    return { rollout: rollout!, reports };
  }

  test("100 good revisions raise no alarm", () => {
    const { rollout } = rollOutAll(dice(3), 101, USUAL);
    expect(rollout.state.phase).toBe("done");
  });

  test("3 % of 503 is noticed within two reports, in words that say so", () => {
    const random = dice(4);
    for (let i = 0; i < 50; i++) {
      const { rollout, reports } = rollOutAll(random, 3, 0.03 + USUAL);
      expect(rollout.state.failure).toMatchObject({ gate: "responses", proxy: lone.id });
      expect(rollout.state.failure!.words.join()).toContain("before");
      expect(reports).toBeLessThanOrEqual(2);
    }
  });

  test("and not with what it answered by a revision that was never finished", () => {
    const begin = (to: string, lately: Responses, previous?: Rollout) =>
      Rollout.begin({
        ...{ id: to, from: "old", to, plan: { waves: ["100%"], bakeMs: 60_000 }, now: 0, previous },
        members: [{ ...lone, lately }],
      });
    const bad = begin("bad", { requests: 5_000, serverErrors: 10 });
    bad.answered(lone.id, "bad", { kind: "taken" }, 0);
    // Its answers are as bad, and have not been told yet.
    const worse = begin("worse", { requests: 1_000, serverErrors: 40 }, bad);
    worse.answered(lone.id, "worse", { kind: "taken" }, 0);
    worse.responses(lone.id, { requests: 1_000, serverErrors: 40 }, 1);
    expect(worse.state.failure).toMatchObject({ gate: "responses" });
  });

  test("where others are there, these count: upstreams have bad days", () => {
    const [canary, other] = members as [Member, Member];
    const lately = { requests: 5_000, serverErrors: 0 };
    const rollout = Rollout.begin({
      ...{ id: "r", from: "old", to: "new", plan: { waves: ["1", "100%"], bakeMs: 60_000 }, now: 0 },
      members: [
        { ...canary, lately },
        { ...other, lately },
      ],
    });
    const [changed, unchanged] =
      rollout.revisionOf(canary) === "new" ? [canary, other] : ([other, canary] as const);
    rollout.answered(changed.id, "new", { kind: "taken" }, 0);
    rollout.responses(unchanged.id, { requests: 1_000, serverErrors: 40 }, 1);
    rollout.responses(changed.id, { requests: 1_000, serverErrors: 40 }, 1);
    expect(rollout.state.phase).toBe("running");
  });
});

test("proxies that are told something else are not compared", () => {
  const other: Member[] = members.map(({ id }) => ({ id: `q${id}`, scope: "t", labels: {} }));
  const rollout = Rollout.begin({
    ...{ id: "r", from: "old", to: "new", plan: { waves: ["1", "100%"], bakeMs: 60_000 }, now: 0 },
    members: [...members, ...other],
  });
  for (const member of [...members, ...other]) {
    if (rollout.revisionOf(member) === "new") {
      rollout.answered(member.id, "new", { kind: "taken" }, 0);
    }
  }
  for (let now = 1; now < 10; now++) {
    for (const member of [...members, ...other]) {
      // The second scope always had an upstream that fails often.
      const serverErrors = member.scope === "t" ? 50 : 0;
      rollout.responses(member.id, { requests: 1_000, serverErrors }, now);
    }
  }
  expect(rollout.state.phase).toBe("running");
});
