import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { resourcesOf } from "../compile.ts";
import { packageRoot } from "../platform/package-root.ts";
import { indentedRuleLines, parsedRuleLines, type RuleLines, ruleLines } from "./rule-lines.ts";

function servicesIn(text: string) {
  return resourcesOf({ sources: [{ path: "rules.yaml", text }] }).virtualServices;
}

/** The key of a fault may stand a line before its value. */
function expectSame(found: readonly RuleLines[], parsed: readonly RuleLines[], what?: string): void {
  const withoutFaults = (all: readonly RuleLines[]) => all.map(({ delay: _, abort: __, ...lines }) => lines);
  expect(withoutFaults(found), what).toEqual(withoutFaults(parsed));
  for (const [i, one] of found.entries()) {
    for (const part of ["delay", "abort"] as const) {
      const difference = (parsed[i]![part] ?? -1) - (one[part] ?? -1);
      expect([0, 1], what).toContain(difference);
    }
  }
}

const HEAD = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a }
`;

test("rules of this project stand where the parser says, and nearly all are found without it", () => {
  const { directory } = packageRoot();
  const texts = ["envoy", "test", "docs"].flatMap((folder) =>
    readdirSync(path.join(directory, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".yaml"))
      .map((name) => readFileSync(path.join(directory, folder, name), "utf8"))
      .filter((text) => text.includes("kind: VirtualService")),
  );
  const all = texts.flatMap(servicesIn);
  expect(all.length).toBeGreaterThan(10);
  const found = all.filter((one) => indentedRuleLines(one) !== undefined);
  for (const one of found) {
    expectSame(indentedRuleLines(one)!, parsedRuleLines(one), one.name);
  }
  expect(found.length / all.length).toBeGreaterThan(0.7);
});

/** The same rule, as people write it. */
const MATCHES = [
  'match: [{ uri: { prefix: /a } }, { uri: { exact: "]" } }] # two',
  "match:\n- uri:\n    prefix: /a\n# between\n- uri: { exact: /b }",
  "match:\n  -\n    uri: { prefix: /a }\n\n  - headers:\n      x: { exact: 'a: b' }",
  "match: [{ uri: { prefix: /a } },\n  { uri: { exact: /b } }]",
  "match: &m\n- uri: { prefix: /a }",
];
const ROUTES = [
  "route: [{ destination: { host: a } }]",
  "route:\n- destination:\n    host: a\n  weight: 80\n- { destination: { host: b }, weight: 20 }",
  "route:\n  - weight: 1\n    headers:\n      request:\n        set:\n          x: |\n            - no item\n            route:\n    destination: { host: a }\n  - destination: { host: b }\n    weight: 0",
  "directResponse:\n  status: 200\n  body:\n    string: |\n      match:\n      - none\n      # and no comment",
  "redirect: { uri: /new }",
];
const FAULTS = [
  "fault: { delay: { fixedDelay: 1s }, abort: { httpStatus: 503 } }",
  "fault:\n  delay:\n    # how long\n    fixedDelay: 1s\n  abort: { httpStatus: 503 }",
  "timeout: 1s # fault:",
];

const indented = (text: string, by: number) => text.replace(/^(?!$)/gm, " ".repeat(by));

const rule = fc
  .tuple(
    fc.shuffledSubarray([0, 1, 2], { minLength: 1 }),
    fc.constantFrom(...MATCHES),
    fc.constantFrom(...ROUTES),
    fc.constantFrom(...FAULTS),
  )
  .map(([order, ...parts]) => order.map((i) => parts[i]).join("\n"));

const text = fc
  .tuple(
    fc.array(rule, { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 2, max: 4 }),
    fc.nat(2),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([all, step, list, gap]) => {
    const items = all
      .map((one) => `-${" ".repeat(gap)}${indented(one, gap + 1).trimStart()}`)
      .join("\n\n# next\n");
    const http = `http: # the rules\n${indented(items, list)}`;
    return `# first\n---\n${HEAD}spec:\n${indented(`hosts: [a]\n${http}\ngateways: [mesh]`, step)}\n---\nkind: Other\n`;
  });

test("however a rule is written, its lines are those of the parser", () => {
  let found = 0;
  let all = 0;
  fc.assert(
    fc.property(text, (written) => {
      for (const one of servicesIn(written)) {
        const lines = indentedRuleLines(one);
        all++;
        if (lines !== undefined) {
          found++;
          expectSame(lines, parsedRuleLines(one));
        }
      }
    }),
    { numRuns: 200 },
  );
  expect(all).toBeGreaterThan(0);
  expect(found).toBeGreaterThan(all / 10);
});

test.each([
  [
    "JSON",
    `{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"a"},"spec":{"hosts":["a"],"http":[{"route":[{"destination":{"host":"a"}}]}]}}`,
  ],
  [
    "an item of a list",
    `apiVersion: v1\nkind: List\nitems:\n- apiVersion: networking.istio.io/v1\n  kind: VirtualService\n  metadata: { name: a }\n  spec:\n    hosts: [a]\n    http:\n    - route: [{ destination: { host: a } }]\n`,
  ],
  [
    "an alias",
    `${HEAD}spec:\n  hosts: [a]\n  http:\n  - route: &r\n    - destination: { host: a }\n  - { match: [{ uri: { exact: /b } }], route: *r }\n`,
  ],
])("%s is left to the parser", (_, written) => {
  const [one] = servicesIn(written);
  expect(indentedRuleLines(one!)).toBeUndefined();
  expect(ruleLines(one!)).toEqual(parsedRuleLines(one!));
});
