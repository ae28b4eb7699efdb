import { beforeEach, expect, test } from "vitest";
import { type Clock, LiveRules, type LiveUpdate } from "./live.ts";
import { FakeEnvoy, REVIEWS } from "./stats.fixture.ts";

/** Time that passes when everybody waits, and a scrape that takes what it is told to. */
class FakeClock implements Clock {
  time = 1_800_000_000_000;
  costMs = 1;
  #precise = 0;
  #calls = 0;
  readonly pauses: number[] = [];
  readonly now = () => this.time;
  readonly precise = () => {
    this.#precise += this.#calls++ % 2 === 0 ? 0 : this.costMs;
    return this.#precise;
  };
  readonly sleep = async (ms: number, signal: AbortSignal) => {
    this.pauses.push(ms);
    await new Promise((resolve) => setImmediate(resolve));
    if (!signal.aborted) {
      this.time += ms;
    }
  };
}

let envoy: FakeEnvoy;
let clock: FakeClock;
let live: LiveRules;
beforeEach(() => {
  envoy = new FakeEnvoy();
  clock = new FakeClock();
  live = new LiveRules({ admin: envoy }, clock);
});

async function take(count: number, from = live): Promise<LiveUpdate[]> {
  const updates: LiveUpdate[] = [];
  for await (const update of from.watch()) {
    updates.push(update);
    if (updates.length === count) {
      break;
    }
  }
  return updates;
}

/** Lets everything that is under way come to its end. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("nobody looks, and Envoy is asked nothing", async () => {
  await settle();
  expect(envoy.asked).toEqual([]);
  await take(2);
  await settle();
  const asked = envoy.asked.length;
  expect(asked).toBeGreaterThan(0);
  for (let i = 0; i < 5; i++) {
    await settle();
  }
  expect(envoy.asked).toHaveLength(asked);
});

test("every question is by type, for used statistics alone, with a filter", async () => {
  await take(1);
  expect(envoy.asked).toHaveLength(3);
  for (const path of envoy.asked) {
    expect(path).toMatch(/^\/stats\?type=(Counters|Gauges|Histograms)&usedonly&filter=[^&]+&format=json/);
  }
});

test("all who look share one reading", async () => {
  await Promise.all([take(3), take(3), take(3)]);
  expect(envoy.asked.length).toBeLessThanOrEqual(4 * 3);
});

test("those who come and go do not have Envoy asked more often", async () => {
  for (let i = 0; i < 20; i++) {
    const stop = new AbortController();
    const updates = live.watch(stop.signal);
    void updates.next();
    stop.abort();
    await settle();
  }
  const seconds = (clock.time - 1_800_000_000_000) / 1000;
  expect(envoy.asked.length).toBeLessThanOrEqual(3 * (seconds + 1));
});

test("what is dear is asked seldom: a hundredth of the time, once that is known", async () => {
  clock.costMs = 40;
  await take(5);
  expect(clock.pauses.slice(0, 4)).toEqual([2000, 2000, 4000, 4000]);
  clock.costMs = 0.5;
  await take(3);
  expect(clock.pauses.at(-1)).toBe(1000);
});

test("nobody who watches waits longer than five seconds", async () => {
  clock.costMs = 500;
  await take(5);
  expect(clock.pauses.at(-1)).toBe(5000);
});

test("first there is all of it, then what moves", async () => {
  envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 5);
  envoy.add("requests", { ...REVIEWS, rule: "default/ratings#1", cluster: "ratings" }, 5);
  const rulesOf = (update: IteratorResult<LiveUpdate>) =>
    update.value.kind === "report" ? update.value.report.rules.map(({ rule }: { rule: string }) => rule) : [];
  const updates = live.watch();
  const first = await updates.next();
  expect(first.value).toMatchObject({ kind: "report", whole: true });
  expect(rulesOf(first)).toEqual(["default/reviews#split", "default/ratings#1"]);
  envoy.add("requests", { ...REVIEWS, cluster: "v1" });
  const second = await updates.next();
  expect(second.value).toMatchObject({ kind: "report", whole: false });
  expect(rulesOf(second)).toEqual(["default/reviews#split"]);
  envoy.restart();
  envoy.add("requests", { ...REVIEWS, cluster: "v1" });
  expect((await updates.next()).value).toMatchObject({ kind: "report", whole: true });
  await updates.return(undefined);
});

test("an Envoy that does not answer is said once, and so is that it does again", async () => {
  const updates = live.watch();
  await updates.next();
  envoy.failure = new Error("no answer within 10 s");
  const silent = await updates.next();
  expect(silent.value).toMatchObject({
    kind: "silent",
    why: expect.stringContaining("no answer within 10 s"),
  });
  const next = updates.next();
  await settle();
  envoy.failure = undefined;
  expect((await next).value).toMatchObject({ kind: "report" });
  await updates.return(undefined);
});

test("weights that the filter says are held against what was seen since somebody looks", async () => {
  envoy.weigh({ ...REVIEWS, cluster: "v1" }, 80);
  envoy.weigh({ ...REVIEWS, cluster: "v2" }, 20);
  envoy.add("requests", { ...REVIEWS, cluster: "v1" }, 1000);
  const updates = live.watch();
  for (let i = 0; i < 4; i++) {
    await updates.next();
  }
  envoy.add("requests", { ...REVIEWS, cluster: "v2" }, 30);
  const { value } = await updates.next();
  expect(value.report.rules[0].destinations).toMatchObject([
    { cluster: "v1", share: { wanted: 0.8, seen: 0, of: 30, agrees: false } },
    { cluster: "v2", share: { wanted: 0.2, seen: 1, of: 30, agrees: false } },
  ]);
  await updates.return(undefined);
});
