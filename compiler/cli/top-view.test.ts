import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import type { ListedRule, LiveCluster, LiveReport, LiveRule, Rate, Share } from "../index.ts";
import { FIRST_CHOICE, press, type TopKeys } from "./top-keys.ts";
import { screenLines } from "./top-screen.ts";
import { ruleLines, type TopState, topKey, topLines } from "./top-view.ts";

const NOW = 1_800_000_000_000;
const colors = picocolors.createColors(false);
const NONE: Rate = { total: 0, perSecond: 0 };

function rate(perSecond: number, total = perSecond * 100): Rate {
  return { total, perSecond };
}

function live(rule: string, perSecond: number, more: Partial<LiveRule> = {}): LiveRule {
  return {
    listener: "mesh",
    rule,
    requests: rate(perSecond),
    destinations: [],
    redirects: NONE,
    directAnswers: NONE,
    delays: NONE,
    aborts: NONE,
    left: NONE,
    limited: NONE,
    ...more,
  };
}

function share(wanted: number, seen: number, of: number, agrees = true): Share {
  return { wanted, seen, low: seen - 0.01, high: seen + 0.01, of, agrees };
}

function listed(rule: string, line: number, more: Partial<ListedRule> = {}): ListedRule {
  return {
    listener: "mesh",
    rule,
    file: "rules/reviews.yaml",
    line,
    domains: ["reviews", "reviews.default"],
    conditions: [],
    destinations: [],
    ...more,
  };
}

const ANSWERS = { "2xx": NONE, "3xx": NONE, "4xx": NONE, "5xx": NONE };

function cluster(name: string, more: Partial<LiveCluster> = {}): LiveCluster {
  return {
    name,
    requests: rate(1),
    answers: ANSWERS,
    retries: NONE,
    timeouts: NONE,
    overflows: NONE,
    active: 0,
    endpoints: { total: 2, healthy: 2, ejected: 0 },
    ...more,
  };
}

const V1 = "outbound|9080|v1|reviews.default.svc.cluster.local";
const V3 = "outbound|9080|v3|reviews.default.svc.cluster.local";

const REPORT: LiveReport = {
  at: NOW,
  windowMs: 5000,
  listeners: [
    {
      name: "mesh",
      requests: rate(2000),
      unknownHost: rate(0.02, 7),
      noRule: NONE,
      answers: ANSWERS,
    },
  ],
  rules: [
    live("default/ratings#1", 104, {
      delays: rate(2.5),
      aborts: rate(1),
      lastHit: NOW - 9_000,
      match: "slow",
    }),
    live("default/reviews#split", 1896.2, {
      lastHit: NOW,
      destinations: [
        { cluster: V1, requests: rate(1706), share: share(0.9, 0.902, 1_000) },
        { cluster: V3, requests: rate(190), share: share(0.1, 0.35, 1_000, false) },
      ],
    }),
    live("default/gone#1", 0, { redirects: rate(0, 5) }),
  ],
  clusters: [
    cluster(V1),
    cluster(V3, { endpoints: { total: 2, healthy: 1, ejected: 1 }, answers: { ...ANSWERS, "5xx": rate(3) } }),
  ],
};

const STATE: TopState = {
  title: "rules/",
  now: NOW,
  report: REPORT,
  served: {
    generation: 7,
    rules: [
      listed("default/reviews#jason", 24),
      listed("default/reviews#split", 33),
      listed("default/ratings#1", 12, { match: "slow", file: "rules/ratings.yaml" }),
    ],
    sockets: [{ name: "mesh", role: "mesh", address: "0.0.0.0", port: 15001, scheme: "http" }],
  },
};

function shown(state: TopState, columns: number, choice: Partial<TopKeys> = {}): string {
  const { lines } = topLines(state, { ...FIRST_CHOICE, ...choice }, { colors, columns });
  for (const line of lines) {
    expect([...line].length).toBeLessThanOrEqual(columns);
  }
  return lines.join("\n");
}

describe("the table", () => {
  test("has a row for each rule that was hit, with its destinations, and names those that were not", () => {
    expect(shown(STATE, 160)).toMatchInlineSnapshot(`
      "rules/  generation 7  2,000 requests/s  this Envoy only
      RULE                                                    REQ/S  SHARE  WANTED  SEEN (99 %)             FAULTS/S  LAST HIT  WHERE
      default/reviews#split                                   1,896   95 %                                                 0 s  rules/reviews.yaml:33
        → outbound|9080|v1|reviews.default.svc.cluster.local  1,706           90 %  90.2 % [89.2–91.2]
        → outbound|9080|v3|reviews.default.svc.cluster.local    190           10 %  35.0 % [34.0–36.0] OFF
      default/ratings#1 .slow                                   104  5.2 %                                       3.5       9 s  rules/ratings.yaml:12
      default/gone#1                                              0    0 %                                             earlier  no longer served

      No rule took
        mesh  unknown host <0.1/s (7 in all), no match 0/s (0 in all)

      Clusters in trouble
        outbound|9080|v3|reviews.default.svc.cluster.local  1 of 2 ejected, 5xx 3.0/s

      Not hit since Envoy started: 1
        default/reviews#jason  rules/reviews.yaml:24"
    `);
  });

  test.each([100, 60, 30, 12])("fits %d columns", (columns) => {
    expect(shown(STATE, columns)).toMatchSnapshot();
  });

  test("can be sorted and filtered", () => {
    const rules = (choice: Partial<TopKeys>) =>
      topLines(STATE, { ...FIRST_CHOICE, ...choice }, { colors, columns: 100 }).rules.map(
        ({ live: hit, listed: idle }) => (hit ?? idle)!.rule,
      );
    expect(rules({ sort: "rate" })[0]).toBe("default/reviews#split");
    expect(rules({ sort: "name" })[0]).toBe("default/gone#1");
    expect(rules({ sort: "as written" })).toEqual([
      "default/reviews#split",
      "default/ratings#1",
      "default/gone#1",
      "default/reviews#jason",
    ]);
    expect(rules({ filter: "REVIEWS.YAML" })).toEqual(["default/reviews#split", "default/reviews#jason"]);
    expect(rules({ filter: "|v3|" })).toEqual(["default/reviews#split"]);
    expect(shown(STATE, 80, { filter: "nothing" })).toContain('No rule has "nothing" in it.');
  });

  test("says how to send some traffic where there is none, and nothing of rates", () => {
    const report = { ...REPORT, rules: [], clusters: [], listeners: [] };
    const text = shown({ ...STATE, report }, 100);
    expect(text).toContain("Not hit since Envoy started: 3");
    expect(text).toContain("curl -H 'host: reviews' http://127.0.0.1:15001/");
    expect(text).not.toContain("REQ/S");
  });

  test("says what an Envoy may be that counts no rules", () => {
    const { served: _, ...state } = STATE;
    expect(shown({ ...state, report: { ...REPORT, rules: [] } }, 200)).toContain(
      "counts no requests by rule",
    );
  });

  test("says that Envoy does not answer, and for how long", () => {
    const silent = { since: NOW - 90_000, why: "no answer within 10 s\u001b[2J" };
    expect(shown({ ...STATE, silent }, 100)).toContain(
      "Envoy has not answered for 1 min: no answer within 10 s\\u001b[2J",
    );
  });

  test("before the first reading waits", () => {
    expect(shown({ title: "rules/", now: NOW }, 80)).toBe("rules/  waiting for Envoy");
  });
});

test("names that could steer a terminal are shown by numbers", () => {
  const evil = "\u001b[2J\u202e\u0007";
  const rule = listed("default/evil#1", 1, {
    file: `${evil}.yaml`,
    domains: [evil],
    conditions: [`uri exact "${evil}"`],
  });
  const state: TopState = {
    ...STATE,
    title: evil,
    report: { ...REPORT, rules: [], clusters: [], listeners: [] },
    served: { ...STATE.served!, rules: [rule] },
  };
  const { lines, rules } = topLines(state, { ...FIRST_CHOICE, filter: "" }, { colors, columns: 200 });
  const all = [...lines, ...ruleLines(rules[0]!, state, { colors, columns: 200 })].join("\n");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these must not be there
  expect(all).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

test("a rule by itself has everything that is known of it", () => {
  const { rules } = topLines(STATE, FIRST_CHOICE, { colors, columns: 120 });
  const texts = rules.map((rule) => ruleLines(rule, STATE, { colors, columns: 120 }).join("\n"));
  expect(texts[0]).toMatchInlineSnapshot(`
    "default/reviews#split
      listener  mesh
      where     rules/reviews.yaml:33
      hosts     reviews, reviews.default
      matches   every request
      requests  1,896 a second, 189,620 in all
      last hit  0 s
      → outbound|9080|v1|reviews.default.svc.cluster.local  1,706 a second, 170,600 in all
          wanted 90 %, seen 90.2 % [89.2–91.2] of 1,000
      → outbound|9080|v3|reviews.default.svc.cluster.local  190 a second, 19,000 in all
          wanted 10 %, seen 35.0 % [34.0–36.0] of 1,000  not what is wanted"
  `);
  expect(texts.at(-1)).toMatchInlineSnapshot(`
    "default/reviews#jason
      listener  mesh
      where     rules/reviews.yaml:24
      hosts     reviews, reviews.default
      matches   every request
      not hit since Envoy started"
  `);
});

describe("keys", () => {
  const rows = 8;
  function play(...keys: string[]): { state: TopKeys | "quit"; text: string; keys: readonly string[] } {
    let now: TopKeys = FIRST_CHOICE;
    let first = 0;
    let screen = screenLines(STATE, now, first, { colors, columns: 120, rows });
    for (const key of keys) {
      const next = press(now, key, screen.keys);
      if (next === "quit") {
        return { state: next, text: "", keys: [] };
      }
      now = next;
      screen = screenLines(STATE, now, first, { colors, columns: 120, rows });
      first = screen.first;
      expect(screen.lines).toHaveLength(rows);
    }
    return { state: now, text: screen.lines.join("\n"), keys: screen.keys };
  }

  test("q and Ctrl-C end, also while a filter is typed", () => {
    expect(play("q").state).toBe("quit");
    expect(play("/", "ctrl-c").state).toBe("quit");
    expect(play("/", "q").state).toMatchObject({ filter: "q", isTyping: true });
  });

  test("arrows mark a rule, which is always on the screen, and Enter shows it", () => {
    const last = topKey({ listed: STATE.served!.rules[0]! });
    const end = play("down", "end");
    expect(end.state).toMatchObject({ selected: last });
    expect(end.text).toContain("default/reviews#jason");
    expect(play("down", "end", "home").text).toContain("default/reviews#split");
    expect(play("down", "enter").text).toContain("rules/reviews.yaml:33");
    expect(play("down", "enter", "escape").text).toContain("REQ/S");
    expect(play("down", "enter", "q").state).toMatchObject({ isOpen: false });
    expect(play("enter").state).toMatchObject({ isOpen: false });
  });

  test("s sorts in every way there is", () => {
    expect(play("s", "s", "s", "s").state).toMatchObject({ sort: "rate" });
    expect(play("s").text).toContain("by last hit");
  });

  test("/ filters", () => {
    expect(play("/", "j", "a", "x", "backspace", "s", "enter").keys).toEqual(["mesh default/reviews#jason "]);
    expect(play("/", "j", "enter", "escape").state).toMatchObject({ filter: "", isTyping: false });
    expect(play("/", "up", "\u0007", "\u009b", "enter").text).not.toContain("\u009b");
  });
});
