import fc from "fast-check";
import { expect, test } from "vitest";
import type { LiveReport, LiveRule, Rate } from "../../../observe/live-report.ts";
import { fromFirst, isOffWeight, mergeReport, totals } from "./live-state.ts";

const NONE: Rate = { total: 0, perSecond: 0 };

function rule(name: string, total: number, perSecond: number, more: Partial<LiveRule> = {}): LiveRule {
  const requests = { total, perSecond };
  return {
    listener: "mesh",
    rule: name,
    requests,
    destinations: [{ cluster: "a", requests }],
    redirects: NONE,
    directAnswers: NONE,
    delays: NONE,
    aborts: NONE,
    left: NONE,
    limited: NONE,
    ...more,
  };
}

function report(at: number, rules: readonly LiveRule[]): LiveReport {
  return { at, windowMs: 1000, listeners: [], rules, clusters: [] };
}

test("what is not in a report stands still, and keeps what it had", () => {
  const first = fromFirst(report(1, [rule("a", 5, 5, { lastHit: 1 }), rule("b", 7, 7)]));
  const { rules } = mergeReport(first, report(2, [rule("b", 9, 2)]));
  expect(rules.get("a")).toMatchObject({ taken: { total: 5, perSecond: 0 }, lastHit: 1 });
  expect(rules.get("a")!.destinations).toEqual([{ cluster: "a", requests: { total: 5, perSecond: 0 } }]);
  expect(rules.get("b")).toMatchObject({ taken: { total: 9, perSecond: 2 } });
});

test("listeners are added up, also when only one of them moved", () => {
  const other = { listener: "gateway" };
  const first = fromFirst(report(1, [rule("a", 5, 5), rule("a", 3, 3, other)]));
  expect(first.rules.get("a")!.taken).toEqual({ total: 8, perSecond: 8 });
  const { rules } = mergeReport(first, report(2, [rule("a", 6, 1)]));
  expect(rules.get("a")!.taken).toEqual({ total: 9, perSecond: 1 });
});

test("everything that ends at a rule is taken by it; what is delayed ends elsewhere", () => {
  const one = { total: 1, perSecond: 1 };
  const all = { redirects: one, directAnswers: one, aborts: one, left: one, limited: one, delays: one };
  expect(fromFirst(report(1, [rule("a", 1, 1, all)])).rules.get("a")!.taken).toEqual({
    total: 6,
    perSecond: 6,
  });
});

test("matches of a rule are apart", () => {
  const { rules } = fromFirst(report(1, [rule("a", 1, 1, { match: "1" }), rule("a", 2, 2, { match: "2" })]));
  expect([...rules.values()].map(({ taken }) => taken.total)).toEqual([1, 2]);
});

test("a share that is off at one listener is not hidden by another one that agrees", () => {
  const share = (agrees: boolean, of: number) => ({ wanted: 0.5, seen: 0.5, low: 0, high: 1, of, agrees });
  const split = (agrees: boolean, of: number, listener: string) =>
    rule("a", 1, 1, { listener, destinations: [{ cluster: "a", requests: NONE, share: share(agrees, of) }] });
  const sum = fromFirst(report(1, [split(true, 9, "mesh"), split(false, 1, "gateway")])).rules.get("a");
  expect(isOffWeight(sum)).toBe(true);
  expect(isOffWeight(fromFirst(report(1, [split(true, 9, "mesh")])).rules.get("a"))).toBe(false);
});

test("changes come to the same as everything at once", () => {
  const moves = fc.array(fc.uniqueArray(fc.constantFrom("a", "b", "c", "d")), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(moves, (seconds) => {
      const counts = new Map<string, number>([..."abcd"].map((name) => [name, 0]));
      const everything = (moved: readonly string[]) =>
        [...counts].map(([name, count]) => rule(name, count, moved.includes(name) ? 1 : 0));
      let state = fromFirst(report(0, everything([])));
      for (const [second, moved] of seconds.entries()) {
        for (const name of moved) {
          counts.set(name, counts.get(name)! + 1);
        }
        const all = everything(moved);
        state = mergeReport(
          state,
          report(
            second + 1,
            all.filter((one) => moved.includes(one.rule)),
          ),
        );
        expect(state).toEqual(fromFirst(report(second + 1, all)));
      }
    }),
  );
});

test("the failed part is of what was answered; without answers it is not known", () => {
  const rate = (perSecond: number): Rate => ({ total: 100, perSecond });
  const answers = { "2xx": rate(97), "3xx": NONE, "4xx": NONE, "5xx": rate(3) };
  const listener = { name: "mesh", requests: rate(100), unknownHost: NONE, noRule: NONE, answers };
  const state = fromFirst({ ...report(1, []), listeners: [listener] });
  expect(totals(state)).toEqual({ perSecond: 100, total: 100, failedShare: 0.03, slowest: undefined });
  expect(totals(fromFirst(report(1, []))).failedShare).toBeUndefined();
});
