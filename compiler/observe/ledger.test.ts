import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { STEP_MS } from "./history.ts";
import { latencyBetween } from "./latency.ts";
import { Ledger } from "./ledger.ts";
import type { LiveReport, LiveRule } from "./live-report.ts";
import { readingOf, ruleKey } from "./reading.ts";
import type { Splits } from "./splits.ts";
import { FakeEnvoy, REVIEWS } from "./stats.fixture.ts";

const START = 1_800_000_000_000;

let envoy: FakeEnvoy;
let ledger: Ledger;
beforeEach(() => {
  envoy = new FakeEnvoy();
  ledger = new Ledger();
});

function at(seconds: number): LiveReport {
  return ledger.take(readingOf(START + seconds * 1000, envoy.all()));
}

function rule({ rules }: LiveReport, id: string = REVIEWS.rule): LiveRule {
  return rules.find((one) => one.rule === id)!;
}

function split(parts: Record<string, number>, sticky = false): Splits {
  return new Map([[ruleKey(REVIEWS), { parts: new Map(Object.entries(parts)), sticky }]]);
}

describe("rates", () => {
  test("are over five seconds, and 0 before there are two readings", () => {
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 100);
    expect(rule(at(0)).requests).toEqual({ total: 100, perSecond: 0 });
    for (let second = 1; second <= 8; second++) {
      envoy.add("requests", { ...REVIEWS, cluster: "v1" }, second % 2 === 0 ? 20 : 0);
      const report = at(second);
      expect(report.windowMs).toBe(Math.min(second, 5) * 1000);
    }
    // 20, 0, 20, 0, 20 in the last five seconds.
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 0);
    expect(rule(at(9)).requests).toEqual({ total: 180, perSecond: 8 });
  });

  test("of a rule are of all that it took, and of a listener of all that came", () => {
    const { listener } = REVIEWS;
    at(0);
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 4);
    envoy.add("answers", { ...REVIEWS, kind: "redirect" }, 3);
    envoy.add("answers", { ...REVIEWS, kind: "direct" }, 2);
    envoy.add("faults", { ...REVIEWS, fault: "abort" }, 5);
    envoy.add("faults", { ...REVIEWS, fault: "delay" }, 50);
    envoy.add("left", REVIEWS, 1);
    envoy.add("limited", REVIEWS, 4);
    envoy.add("unmatched", { listener, why: "host" }, 7);
    envoy.add("unmatched", { listener, why: "rule" }, 8);
    envoy.add("requests", { listener, cluster: "ratings" }, 9);
    const report = at(1);
    expect(rule(report)).toMatchObject({
      requests: { total: 19, perSecond: 19 },
      redirects: { total: 3 },
      directAnswers: { total: 2 },
      aborts: { total: 5 },
      delays: { total: 50 },
      left: { total: 1 },
      limited: { total: 4 },
    });
    expect(report.listeners).toMatchObject([
      {
        name: listener,
        requests: { total: 43, perSecond: 43 },
        unknownHost: { total: 7 },
        noRule: { total: 8 },
        withoutRule: { total: 9 },
      },
    ]);
  });

  test("of a rule that is new count from 0, and nobody wants one over the time that nobody looked", () => {
    at(0);
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 10);
    expect(rule(at(1)).requests.perSecond).toBe(10);
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 1000);
    const report = at(1000);
    expect(report.windowMs).toBe(0);
    expect(rule(report)).toMatchObject({ requests: { total: 1010, perSecond: 0 }, lastHit: report.at });
  });

  test("go on over a restart of Envoy, whose counters begin at 0", () => {
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 100);
    at(0);
    at(5);
    envoy.restart();
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 120);
    expect(rule(at(7)).requests).toEqual({ total: 120, perSecond: 60 });
  });

  test("are never negative, sums are exact, whatever is counted and however often Envoy restarts", () => {
    const step = fc.record({
      ms: fc.integer({ min: 1, max: 20_000 }),
      count: fc.integer({ min: 0, max: 1000 }),
      restarts: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const [model, own] = [new FakeEnvoy(), new Ledger()];
        let [now, all] = [START, 0];
        own.take(readingOf(now, model.all()));
        for (const { ms, count, restarts } of steps) {
          const uptime = model.gauges.get("server.uptime")!;
          model.gauges.set("server.uptime", uptime + 1);
          // Two within a second nobody could tell.
          if (restarts && uptime > 0) {
            model.restart();
          }
          now += ms;
          all += count;
          model.add("requests", { ...REVIEWS, cluster: "v1" }, count);
          const { rules, windowMs } = own.take(readingOf(now, model.all()));
          expect(rules[0]!.requests.perSecond).toBeGreaterThanOrEqual(0);
          expect(windowMs).toBeLessThanOrEqual(30_000);
        }
        const { requests } = own.history(REVIEWS.rule);
        if (now - START < 3_000_000) {
          expect(requests.reduce((sum, count) => sum + count, 0)).toBeCloseTo(all, -1);
        }
      }),
    );
  });
});

test("a rule was hit last when it moved last, as far as somebody looked", () => {
  envoy.add("requests", { ...REVIEWS, cluster: "v1" });
  expect(rule(at(0)).lastHit).toBeUndefined();
  expect(rule(at(1)).lastHit).toBeUndefined();
  envoy.add("faults", { ...REVIEWS, fault: "abort" });
  expect(rule(at(2)).lastHit).toBe(START + 2000);
  expect(rule(at(3)).lastHit).toBe(START + 2000);
});

describe("shares", () => {
  test("are of all requests where the weights were never otherwise", () => {
    ledger.serve(split({ v1: 0.8, v2: 0.2 }), 0);
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 81);
    envoy.add("requests", { ...REVIEWS, cluster: "v2" }, 19);
    const [v1, v2] = rule(at(0)).destinations;
    expect(v1).toMatchObject({ cluster: "v1", share: { wanted: 0.8, seen: 0.81, of: 100, agrees: true } });
    expect(v2!.share!.low).toBeLessThan(0.19);
  });

  test("begin anew with weights that change, once what the old ones decided is counted", () => {
    ledger.serve(split({ v1: 0.8, v2: 0.2 }), 0);
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 800);
    envoy.add("requests", { ...REVIEWS, cluster: "v2" }, 200);
    at(0);
    ledger.serve(split({ v1: 0.5, v2: 0.5 }), START + 500);
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 8);
    expect(rule(at(1)).destinations[0]!.share).toMatchObject({ wanted: 0.5, of: 0, agrees: true });
    at(3);
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 10);
    envoy.add("requests", { ...REVIEWS, cluster: "v2" }, 10);
    expect(rule(at(4)).destinations[0]!.share).toMatchObject({ wanted: 0.5, seen: 0.5, of: 20 });
    // The same weights once more change nothing.
    ledger.serve(split({ v2: 0.5, v1: 0.5 }), START + 4500);
    expect(rule(at(5)).destinations[0]!.share).toMatchObject({ of: 20 });
  });

  test("disagree with a wrong weight, name destinations without requests, and say nothing of sticky ones", () => {
    ledger.serve(split({ v1: 0.8, v2: 0.2, v3: 0 }), 0);
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 450);
    envoy.add("requests", { ...REVIEWS, cluster: "v2" }, 50);
    const parts = rule(at(0)).destinations;
    expect(parts.map(({ share }) => share!.agrees)).toEqual([false, false, true]);
    expect(parts[2]).toMatchObject({ cluster: "v3", requests: { total: 0 } });
    ledger.serve(split({ v1: 0.8, v2: 0.2 }, true), START);
    at(10);
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 450);
    expect(rule(at(11)).destinations[0]!.share).toMatchObject({ seen: 1, low: 0, high: 1, agrees: true });
  });

  test("are not given to destinations that rules no longer have", () => {
    ledger.serve(split({ v1: 0.5, v2: 0.5 }), 0);
    envoy.add("requests", { ...REVIEWS, cluster: "old" }, 5);
    expect(rule(at(0)).destinations.at(-1)).toEqual({
      cluster: "old",
      requests: { total: 5, perSecond: 0 },
    });
  });
});

describe("history", () => {
  test("has an hour in steps, also of the time between two looks", () => {
    at(0);
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 60);
    at(60);
    const { stepMs, requests } = ledger.history(REVIEWS.rule);
    expect(stepMs).toBe(STEP_MS);
    expect(requests).toHaveLength(720);
    expect(requests.slice(-13)).toEqual([...Array.from({ length: 12 }, () => 5), 0]);
    expect(ledger.history("default/other#1").requests).toEqual([]);
  });

  test("forgets what is older", () => {
    at(0);
    envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 5);
    at(1);
    at(3595);
    expect(ledger.history(REVIEWS.rule).requests.some((count) => count > 0)).toBe(true);
    at(3700);
    expect(ledger.history(REVIEWS.rule).requests.every((count) => count === 0)).toBe(true);
  });
});

test("times are quantiles of the requests in between", () => {
  const bounds = [1, 5, 10, 100];
  const buckets = (...counts: number[]) => counts.map((count, i) => ({ upToMs: bounds[i]!, count }));
  const before = buckets(1000, 1000, 1000, 1000);
  expect(latencyBetween(before, before)).toBeUndefined();
  expect(latencyBetween([], [])).toBeUndefined();
  const { p50, p99 } = latencyBetween(before, buckets(1050, 1090, 1098, 1100))!;
  expect(p50).toBe(1);
  expect(p99).toBeCloseTo(55);
});

test("the ways that Envoy itself goes are no clusters of rules", () => {
  envoy.counters.set("cluster.sluice_ads;.upstream_rq_total", 7);
  envoy.counters.set("cluster.outbound|80||a.example;.upstream_rq_total", 7);
  expect([...readingOf(0, envoy.all()).clusters.keys()]).toEqual(["outbound|80||a.example"]);
});

test("names of others are left out, however they look", () => {
  const names = ["wasmcustom.requests", "wasmcustom.listener=.=;.;sluice_requests_total", "cluster.a.b", "x"];
  for (const name of [...names, "wasmcustom.cluster=.=a;.;sluice_other", "http..downstream_rq_total"]) {
    envoy.counters.set(name, 1);
  }
  expect(at(0)).toMatchObject({ rules: [], listeners: [], clusters: [] });
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.integer()), (values) => {
      const stats = Object.entries(values).map(([name, value]) => ({ name, value }));
      expect(() => readingOf(START, [{ stats }])).not.toThrow();
    }),
  );
});

test("listeners are those that count by rule, and those of the rules that serve", () => {
  const answered = (name: string) => envoy.counters.set(`http.${name}.downstream_rq_total`, 3);
  for (const name of ["admin", "mesh", "gateway_80"]) {
    answered(name);
  }
  envoy.add("unmatched", { listener: "mesh", why: "host" });
  const names = ({ listeners }: LiveReport) => listeners.map(({ name, requests }) => [name, requests.total]);
  expect(names(at(0))).toEqual([["mesh", 1]]);
  ledger.serve(new Map(), 0, new Set(["mesh", "gateway_80"]));
  expect(names(at(1))).toEqual([
    ["mesh", 1],
    ["gateway_80", 3],
  ]);
});

test("routes of Envoy's own say how many requests a rule took, and of a listener what Envoy counts", () => {
  const { listener, rule: id } = REVIEWS;
  const route = `route.listener=.=${listener};.;rule=.=${id}`;
  envoy.counters.set(`vhost.reviews:80.${route};.upstream_rq_total`, 3);
  envoy.counters.set(`vhost.reviews.${route};.;own.name.upstream_rq_total`, 4);
  envoy.counters.set(`vhost.reviews.${route};.;match=.=2;.upstream_rq_total`, 5);
  envoy.counters.set("vhost.reviews.route.own.upstream_rq_total", 6);
  envoy.counters.set(`http.${listener}.downstream_rq_total`, 20);
  ledger.serve(split({ v1: 0.5, v2: 0.5 }), 0, new Set([listener]));
  const { rules, listeners } = at(0);
  expect(rules.map(({ match, requests }) => [match, requests.total])).toEqual([
    [undefined, 7],
    ["2", 5],
  ]);
  expect(rules[0]!.destinations[0]!.share).toMatchObject({ wanted: 0.5, of: 0, agrees: true });
  expect(listeners).toMatchObject([{ requests: { total: 20 } }]);
});
