/** What the gates see in traffic as it is: a fleet of twenty, a report every five seconds, and now and then an error. */

import { describe, expect, test } from "vitest";
import { DEFAULT_PLAN } from "./plan.ts";
import { Rollout } from "./rollout.ts";
import type { Member } from "./state.ts";

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

test("a lone proxy is compared with what it answered before", () => {
  const lone = { ...members[0]!, before: { requests: 5_000, serverErrors: 10 } };
  const rollout = Rollout.begin({
    ...{
      id: "r",
      from: "old",
      to: "new",
      plan: { waves: ["100%"], bakeMs: 60_000 },
      members: [lone],
      now: 0,
    },
  });
  rollout.answered(lone.id, "new", { kind: "taken" }, 0);
  rollout.responses(lone.id, { requests: 1_000, serverErrors: 4 }, 1);
  expect(rollout.state.phase).toBe("running");
  rollout.responses(lone.id, { requests: 1_000, serverErrors: 40 }, 2);
  expect(rollout.state.failure).toMatchObject({ gate: "responses", proxy: lone.id });
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
