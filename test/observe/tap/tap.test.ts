/** Requests of a real Envoy, sampled while they pass: what is said of each kind, and that nothing is when nobody looks. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { binomialBound } from "../../../compiler/binomial.ts";
import type { OpenTap, SampledRequest, TappedRequest, TapQuestion } from "../../../compiler/index.ts";
import { NEWEST_ENVOY, OLDEST_ENVOY } from "../../../compiler/platform/version.ts";
import type { ClientRequest } from "../../harness/client.ts";
import { TARGETS } from "../../harness/targets.ts";
import { TappedSession } from "./tapped-session.ts";

const SHOP = "outbound|80||shop.example";

/** A request of each kind, and what is to be said of it. */
const KINDS: readonly (readonly [
  what: string,
  Partial<ClientRequest> & { path: string },
  Partial<TappedRequest>,
])[] = [
  ["redirected", { path: "/old" }, { rule: "web/shop#moved", status: 301 }],
  ["answered", { path: "/said" }, { rule: "web/shop#said", status: 202 }],
  [
    "aborted",
    { path: "/broken" },
    { rule: "web/shop#broken", status: 555, fault: "abort", details: "fault_filter_abort" },
  ],
  [
    "delayed",
    { path: "/slow" },
    { rule: "web/shop#slow", status: 200, fault: "delay", cluster: SHOP, attempts: 1 },
  ],
  ["delayed and aborted", { path: "/both" }, { rule: "web/shop#both", status: 556, fault: "delay,abort" }],
  ["sent nowhere", { path: "/nowhere" }, { rule: "web/shop#nowhere", status: 503, flags: "NC" }],
  [
    "given up",
    { path: "/hasty?x=1", headers: { "x-echo-delay-ms": "300" } },
    { rule: "web/shop#hasty", status: 504, flags: "UT", path: "/hasty?x=1" },
  ],
  [
    "rewritten, by a match with a name",
    { path: "/a/b?c=d" },
    { rule: "web/shop#two", match: "first", path: "/a/b?c=d", authority: "shop.example", cluster: SHOP },
  ],
  [
    "rewritten, by a match without one",
    { path: "/x", headers: { "x-user": "jason", "x-envoy-original-host": "forged.example" } },
    {
      rule: "web/shop#two",
      match: "2",
      path: "/x",
      authority: "shop.example",
      headers: [["x-user", "jason"]],
    },
  ],
  [
    "of a rule without a name, with a credential and forged headers",
    {
      path: "/plain",
      headers: { authorization: "Bearer sesame", "x-envoy-original-path": "/forged", "x-other": "unread" },
    },
    { rule: "web/shop#9", path: "/plain", headers: [["authorization", "(masked)"]] },
  ],
  ["taken by no rule", { path: "/none" }, { status: 404, details: "route_not_found" }],
];

let running: TappedSession | undefined;

async function listen(question: TapQuestion, seen: SampledRequest[]): Promise<OpenTap> {
  return running!.tap.open(question, { onRequest: (one) => void seen.push(one) });
}

describe.each([NEWEST_ENVOY, OLDEST_ENVOY])("Envoy %s", (version) => {
  const before = process.env.SLUICE_ENVOY_VERSION;
  beforeAll(() => {
    process.env.SLUICE_ENVOY_VERSION = version;
  });
  afterAll(() => {
    if (before === undefined) {
      delete process.env.SLUICE_ENVOY_VERSION;
    } else {
      process.env.SLUICE_ENVOY_VERSION = before;
    }
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });

  test.each(TARGETS)(
    "target %s: each kind of request has its rule, and nothing is sampled before and after",
    async (target) => {
      running = await TappedSession.start(target);
      const seen: SampledRequest[] = [];
      await running.ask("/said");
      const tap = await listen({}, seen);
      for (const [, request] of KINDS) {
        await running.ask(request.path, request);
      }
      await expect.poll(() => seen).toHaveLength(KINDS.length);
      for (const [what, request, wanted] of KINDS) {
        const found = seen.find(({ tapped }) => tapped.path === request.path);
        expect(found?.tapped, what).toMatchObject({
          listener: "mesh",
          method: "GET",
          scheme: "http",
          ...wanted,
        });
        expect(found?.tapped.at, what).toBeGreaterThan(Date.now() - 60_000);
        if (wanted.rule === undefined) {
          expect(found?.tapped, what).not.toHaveProperty("rule");
        }
        if (wanted.fault?.includes("abort")) {
          expect(found?.tapped, what).not.toHaveProperty("cluster");
        }
      }
      expect(JSON.stringify(seen.map(({ tapped }) => tapped))).not.toMatch(/sesame|forged|unread/);
      expect(seen[0]!.place).toMatch(/^rules\/shop\.yaml:\d+$/);
      await tap.close();

      // What is sampled next would come first: one that listens again sees that nothing came in between.
      for (let i = 0; i < 20; i++) {
        await running.ask("/said?unseen");
      }
      const again: SampledRequest[] = [];
      await listen({}, again);
      await running.ask("/said?seen");
      await expect.poll(() => again).not.toHaveLength(0);
      expect(again.map(({ tapped }) => tapped.path)).toEqual(["/said?seen"]);
    },
  );
});

describe("one Envoy", () => {
  beforeAll(async () => {
    running = await TappedSession.start("wasm");
  });
  afterEach(() => running!.tap.close());
  afterAll(async () => {
    await running?.stop();
    running = undefined;
  });

  test("a rule and a status are told apart, and each listener has its own", async () => {
    const [said, broken, both]: SampledRequest[][] = [[], [], []];
    const taps = [
      await listen({ rule: "said" }, said!),
      await listen({ rule: "web/shop#broken", status: "5xx" }, broken!),
      await listen({ status: "202" }, both!),
    ];
    for (const path of ["/said", "/broken", "/old"]) {
      await running!.ask(path);
    }
    await expect.poll(() => taps[2]!.progress.sampled).toBe(3);
    expect([said, broken, both].map((seen) => seen!.map(({ tapped }) => tapped.path))).toEqual([
      ["/said"],
      ["/broken"],
      ["/said"],
    ]);
    expect(taps.map(({ progress }) => progress.matched)).toEqual([1, 1, 1]);
  });

  test("a quarter of requests is a quarter", async () => {
    const seen: SampledRequest[] = [];
    const tap = await listen({ percent: 25 }, seen);
    const count = 400;
    for (let i = 0; i < count; i += 20) {
      await Promise.all(Array.from({ length: 20 }, () => running!.ask("/said")));
    }
    const sum = () => tap.progress.sampled + tap.progress.dropped;
    const bound = binomialBound(count, 0.25);
    await expect.poll(() => sum()).toBeGreaterThanOrEqual(bound.least);
    // The last ones may be as late as a batch is.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(tap.progress.percent).toBe(25);
    expect(sum()).toBeLessThanOrEqual(bound.most);
  });

  test("text of a client stays where it belongs", async () => {
    const seen: SampledRequest[] = [];
    await listen({}, seen);
    const hostile = 'x"}\\n%REQ(authorization)%,"rule":"forged';
    await running!.ask("/a", { headers: { "x-user": hostile } });
    await running!.ask("/b", { headers: { "x-user": "\xff\xfe" } });
    await running!.ask(`/a/${"x".repeat(5_000)}`);
    await expect.poll(() => seen).toHaveLength(3);
    // Those of two workers come in any order.
    const byPath = (path: string) =>
      seen.find(({ tapped }) => tapped.path === path || tapped.path.startsWith(`${path}xx`))!.tapped;
    expect(byPath("/a").headers).toEqual([["x-user", hostile]]);
    expect(byPath("/b")).not.toHaveProperty("rule");
    expect(byPath("/a/").path.length).toBeLessThanOrEqual(2048);
  });

  test("of Envoy's runtime, nothing else can be changed by its socket", async () => {
    const { admin } = running!.session.serving!.envoy;
    for (const change of ["other=1", "sluice.tap=0&other=1", "sluice.tapped=1"]) {
      expect((await admin.post(`/runtime_modify?${change}`)).status).toBe(403);
    }
  });

  test("what cannot be asked for is said, and changes nothing", async () => {
    await expect(listen({ rule: "brokn" }, [])).rejects.toThrow(
      'no rule is called "brokn"; there are web/shop#broken',
    );
    await expect(listen({ status: "often" }, [])).rejects.toThrow('"often" is not a status');
    await expect.poll(() => running!.tap.recent()).toEqual([]);
  });
});
