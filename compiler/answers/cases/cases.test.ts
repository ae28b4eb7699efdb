import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import { rangeOf } from "../../diagnostics/position.ts";
import { Coverage } from "./coverage.ts";
import { clusterName } from "./full-names.ts";
import { askOffline } from "./offline.ts";
import { renderJunit } from "./report-junit.ts";
import { renderCoverage, renderResults } from "./report-text.ts";
import { resultOf } from "./results.ts";
import { runOffline } from "./run-offline.ts";
import { casesOf, configOf, evaluatorsOf } from "./testing.ts";

const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a }
spec:
  hosts: [a.example]
  http:
  - name: user
    match:
    - { name: me, headers: { x-user: { exact: me } } }
    - { uri: { prefix: /v2 } }
    rewrite: { uri: /two }
    route: [{ destination: { host: a.example, subset: v2 } }]
  - name: split
    headers: { response: { set: { x-r: "1" } } }
    route:
    - { destination: { host: a.example, subset: v1 }, weight: 75 }
    - { destination: { host: a.example, subset: v2 }, weight: 25 }
`;

const config = configOf(RULES);
const evaluators = evaluatorsOf(config);
const colors = picocolors.createColors(false);

function run(text: string, asked = evaluators) {
  const { cases, diagnostics } = casesOf(text, asked);
  expect(diagnostics).toEqual([]);
  const coverage = new Coverage(asked.config);
  const results = cases.flatMap((one) =>
    one.checks.map((check, i) => {
      const answers = askOffline(asked.get(check.at)!, check, (evaluation) => coverage.note(evaluation));
      return resultOf(one, i, check, answers, 1);
    }),
  );
  return { results, coverage: coverage.report() };
}

const differencesOf = (check: string) =>
  run(`name: x\nchecks:\n- ${check}\n`).results.map(({ differences }) =>
    differences.map(({ what }) => what),
  )[0];

test.each([
  [
    `{ ask: "GET http://a.example/", headers: { x-user: me }, expect: { route: user.me, cluster: a.example/v2 } }`,
  ],
  [
    `{ ask: "GET http://a.example/v2/x", expect: { route: user, path: /two/x, host: a.example, method: GET } }`,
  ],
  [
    `{ ask: "GET http://a.example/", expect: { status: 200, route: split, responseHeaders: { x-r: "1", x-s: null } } }`,
  ],
  [
    `{ ask: "GET http://a.example/", shares: { clusters: { a.example/v1: 0.75, a.example/v2: 0.25 }, statuses: { "200": 1 } } }`,
  ],
  [`{ ask: "GET http://b.example/", expect: { status: 502, cluster: none, body: "" } }`],
  [`{ ask: "GET http://a.example/", expect: { headers: { x-user: null }, delayMs: 0, copies: [] } }`],
])("what is right passes: %s", (check) => {
  expect(differencesOf(check)).toEqual([]);
});

test.each([
  [`{ ask: "GET http://a.example/", expect: { route: user } }`, ["route"]],
  [`{ ask: "GET http://a.example/v2", expect: { cluster: a.example/v1 } }`, ["cluster"]],
  [`{ ask: "GET http://a.example/v2", expect: { cluster: none } }`, ["cluster"]],
  [`{ ask: "GET http://a.example/v2", expect: { path: /v2 } }`, ["path at the upstream"]],
  [`{ ask: "GET http://b.example/", expect: { cluster: a.example } }`, ["cluster", "status"]],
  [`{ ask: "GET http://a.example/", expect: { headers: { x-a: "1" } } }`, ["header x-a at the upstream"]],
  [`{ ask: "GET http://a.example/", expect: { responseHeaders: { x-r: null } } }`, ["response header x-r"]],
  [`{ ask: "GET http://a.example/", expect: { delayMs: 5 } }`, ["delay"]],
  [`{ ask: "GET http://a.example/", expect: { copies: [{ cluster: a.example }] } }`, ["copy"]],
  [
    `{ ask: "GET http://a.example/", shares: { clusters: { a.example/v1: 1 } } }`,
    ["share of cluster outbound|80|v1|a.example", "share of cluster outbound|80|v2|a.example"],
  ],
  [
    `{ ask: "GET http://a.example/", shares: { statuses: { "503": 0.5, "200": 0.5 } } }`,
    ["share of status 200", "share of status 503"],
  ],
])("what is wrong is a difference: %s", (check, expected) => {
  expect([...differencesOf(check)!].sort()).toEqual([...expected].sort());
});

test("a failed check names the rule that took the request, and what the one that was meant wanted", () => {
  const { results } = run(
    `name: x\nchecks:\n- { ask: "GET http://a.example/", headers: { x-user: you }, expect: { route: user.me } }\n`,
  );
  expect(results[0]).toMatchObject({ ok: false, line: 3, rule: { name: "split", rule: 2 } });
  expect(results[0]!.instead).toMatchObject([
    {
      name: "user.me",
      rule: 1,
      match: 1,
      failed: [{ condition: 'headers.x-user exact "me"', seen: ["you"] }],
    },
  ]);
  const text = renderResults(results, colors, { how: "offline", ms: 1 });
  expect(text).toContain("FAIL x");
  expect(text).toMatch(/matched by rules\.yaml:\d+:\d+ VirtualService default\/a http\[2\] "split"/);
  expect(text).toContain('needs headers.x-user exact "me", got "you"');
});

describe("coverage", () => {
  test("counts rules, matches and destinations, and says where the missed ones are", () => {
    const { coverage } = run(
      `name: x\nchecks:\n- { ask: "GET http://a.example/", headers: { x-user: me }, expect: { status: 200 } }\n`,
    );
    expect(coverage.rules).toEqual({ reached: 1, total: 2, percent: 50 });
    expect(coverage.matches).toEqual({ reached: 1, total: 2, percent: 50 });
    expect(coverage.destinations).toEqual({ reached: 1, total: 3, percent: 33.33 });
    expect(coverage.missed.map(({ kind, rule, match, cluster }) => [kind, rule, match, cluster])).toEqual([
      ["match", 1, 2, undefined],
      ["rule", 2, undefined, undefined],
      ["destination", 2, undefined, "outbound|80|v1|a.example"],
      ["destination", 2, undefined, "outbound|80|v2|a.example"],
    ]);
    for (const { file, line } of coverage.missed) {
      expect([file, typeof line]).toEqual(["rules.yaml", "number"]);
    }
    expect(renderCoverage(coverage, colors)).toMatch(
      /missed match rules\.yaml:\d+:\d+ .*http\[1\]\.match\[2\]/,
    );
  });

  test("is whole when everything was reached, as are rules of which there are none", () => {
    const all = run(`name: x
checks:
- { ask: "GET http://a.example/v2", expect: { status: 200 } }
- { ask: "GET http://a.example/", headers: { x-user: me }, expect: { status: 200 } }
- { ask: "GET http://a.example/", times: 100, expect: { status: 200 } }
`).coverage;
    expect([all.rules.percent, all.matches.percent, all.destinations.percent, all.missed]).toEqual([
      100,
      100,
      100,
      [],
    ]);
    expect(new Coverage(configOf("")).report().rules).toEqual({ reached: 0, total: 0, percent: 100 });
  });
});

test("JUnit XML has what failed, and nothing that XML has not", () => {
  const { results } = run(`name: "a <b> & \\"c\\" \\x01"
checks:
- { ask: "GET http://a.example/v2", expect: { status: 200 } }
- { ask: "GET http://a.example/?a=1&b=2", expect: { status: 404 } }
`);
  const xml = renderJunit(results);
  expect(xml).toContain('<testsuites name="sluice test" tests="2" failures="1" errors="0"');
  expect(xml).toContain('classname="a &lt;b&gt; &amp; &quot;c&quot; \ufffd"');
  expect(xml).toContain('name="2. GET http://a.example/?a=1&amp;b=2"');
  expect(xml).toContain('<failure message="status: expected 404, got 200">');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no way to write these
  expect(xml).not.toMatch(/[\u0000-\u0008]/);
});

describe("case files", () => {
  test.each([
    ["name: x\n", "SL0106", 1],
    ["name: x\nchecks: []\n", "SL0106", 2],
    ["name: x\nchecks:\n- { ask: 5 }\n", "SL0105", 3],
    ["name: x\nchecks:\n- { ask: GET http://a.example/, expects: {} }\n", "SL0104", 3],
    ["name: x\nchecks:\n- { ask: G T http://a.example/, expect: { status: 200 } }\n", "SL0701", 3],
    [
      `name: x\nchecks:\n- ask: GET http://a.example/\n  headers: { "a b": c }\n  expect: { status: 200 }\n`,
      "SL0701",
      3,
    ],
    ["name: x\nchecks:\n- ask: GET http://a.example/\n  at: mash\n  expect: { status: 200 }\n", "SL0702", 4],
    ["name: x\nchecks:\n- ask: GET http://a.example/\n", "SL0703", 3],
    ["name: x\nchecks:\n- ask: GET http://a.example/\n  expect: { cluster: none, path: / }\n", "SL0703", 4],
    [
      "name: x\nchecks:\n- ask: GET http://a.example/\n  expect: { cluster: a.example, status: 503 }\n",
      "SL0703",
      4,
    ],
    [
      "name: x\nchecks:\n- ask: GET http://a.example/\n  expect: { cluster: a.example, body: hello }\n",
      "SL0703",
      4,
    ],
  ])("%j is %s in line %i", (text, code, line) => {
    const { diagnostics } = casesOf(text, evaluators);
    expect(diagnostics.map((one) => [one.code, rangeOf(one.span!).start.line])).toEqual([[code, line]]);
  });

  test("a listener that is misspelt is suggested", () => {
    const { diagnostics } = casesOf(
      "name: x\nat: mash\nchecks:\n- { ask: GET http://a.example/, expect: { status: 200 } }\n",
      evaluators,
    );
    expect(diagnostics[0]!.help).toBe("Did you mean mesh?");
  });
});

test.each([
  ["reviews", "outbound|80||reviews.default.svc.cluster.local"],
  ["reviews/v1", "outbound|80|v1|reviews.default.svc.cluster.local"],
  ["reviews:8080/v1", "outbound|8080|v1|reviews.default.svc.cluster.local"],
  ["a.example:81", "outbound|81||a.example"],
  ["outbound|1||x", "outbound|1||x"],
  ["none", "none"],
])("the cluster %s is %s", (text, expected) => {
  const proxy = { proxyNamespace: "default", domainSuffix: "cluster.local" };
  expect(clusterName(text, proxy)).toBe(expected);
});

test("headers may be named as something that every object has", () => {
  const named = evaluatorsOf(
    configOf(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a }
spec:
  hosts: [a.example]
  http:
  - name: names
    match: [{ headers: { constructor: { exact: a } } }]
    headers: { request: { set: { __proto__: b } }, response: { add: { __proto__: c, valueof: d } } }
    route: [{ destination: { host: a.example, subset: v1 } }]
`),
  );
  const { results } = run(
    `name: x
checks:
- ask: GET http://a.example/
  headers: { constructor: a }
  expect:
    headers: { constructor: a, __proto__: b, tostring: null }
    responseHeaders: { __proto__: c, valueof: d, constructor: null }
- ask: GET http://a.example/
  headers: { constructor: a }
  expect: { headers: { __proto__: null, valueof: x } }
- { ask: GET http://a.example/, expect: { route: names } }
`,
    named,
  );
  expect(results.map(({ differences }) => differences)).toEqual([
    [],
    [
      { what: "header __proto__ at the upstream", expected: "absent", actual: '"b"' },
      { what: "header valueof at the upstream", expected: '"x"', actual: "absent" },
    ],
    [{ what: "route", expected: '"names"', actual: '"none"' }],
  ]);
  expect(results[2]!.instead).toMatchObject([
    { failed: [{ condition: 'headers.constructor exact "a"', seen: [] }] },
  ]);
});

const LIMITED = RULES.replace(
  "{ name: a }",
  '{ name: a, annotations: { sluice.dev/rate-limit: "split: 2/h burst 3" } }',
);

test("the limit that a request meets can be expected, and is never reached", () => {
  const asked = evaluatorsOf(configOf(LIMITED));
  const checks = `name: x
checks:
- { ask: "GET http://a.example/", times: 9, expect: { status: 200, rateLimit: "2/h  burst 3" } }
- { ask: "GET http://a.example/v2", expect: { rateLimit: null } }
- { ask: "GET http://a.example/", expect: { rateLimit: 2/h } }
`;
  expect(run(checks, asked).results.map(({ differences }) => differences)).toEqual([
    [],
    [],
    [{ what: "rate limit", expected: '"2/h burst 2"', actual: '"2/h burst 3"' }],
  ]);
});

test("a case about limits is counted from its first request", () => {
  const asked = evaluatorsOf(configOf(LIMITED));
  const checks = `limits: true
checks:
- { ask: "GET http://a.example/", times: 3, expect: { status: 200 } }
- { ask: "GET http://a.example/", expect: { status: 429, cluster: none, responseHeaders: { retry-after: "1800" } } }
`;
  const { cases, diagnostics } = casesOf(`name: one\n${checks}---\nname: two\n${checks}`, asked);
  expect(diagnostics).toEqual([]);
  const results = runOffline(cases, asked, new Coverage(asked.config));
  expect(results.map(({ differences }) => differences)).toEqual([[], [], [], []]);
});

test("an expected limit has to be one", () => {
  const { diagnostics } = casesOf(
    'name: x\nchecks: [{ ask: "GET http://a.example/", expect: { rateLimit: fast } }]\n',
    evaluators,
  );
  expect(diagnostics.map(({ code }) => code)).toEqual(["SL0703"]);
});
