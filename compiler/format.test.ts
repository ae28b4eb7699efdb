/** What is printed for people fits their terminal, folds long lists, and shows the answer before the rest. */

import { beforeAll, expect, test } from "vitest";
import {
  check,
  type DiffReport,
  diff,
  type Explanation,
  explain,
  type Findings,
  formatDiagnostics,
  formatDiff,
  formatExplanation,
  type LayoutOptions,
  texts,
} from "./index.ts";

const HOST = "a-service-with-a-rather-long-name.an-equally-long-namespace.example";
const MANY = Array.from({ length: 100 }, (_, i) => i + 1);

const hosts = MANY.map((i) => `shop-${i}.a-long-domain-of-a-company.example`);
const service = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: long }
spec:
  hosts: ["${HOST}"]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [${MANY.map((i) => `{ address: 192.0.2.${i}, labels: { version: v${i} } }`).join(", ")}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: long }
spec:
  host: "${HOST}"
  subsets: [${MANY.map((i) => `{ name: version-${i}, labels: { version: v${i} } }`).join(", ")}]
`;
/** A hundred rules that do not match, and the one that does. */
const rules = (last: string) => `${service}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: long }
spec:
  hosts: [${hosts.join(", ")}]
  http:
${MANY.map(
  (i) => `    - name: a-rule-with-a-name-that-says-what-it-is-for-and-more-${i}
      match: [{ headers: { x-which-of-the-many: { exact: "number-${i}" } } }]
      route: [{ destination: { host: "${HOST}", subset: version-${i} } }]
`,
).join("")}    - name: the-last
      route: [${last}]
`;
const split = `${MANY.map((i) => `{ destination: { host: "${HOST}", subset: version-${i} }, weight: 1 }`).join(", ")}`;
const one = `{ destination: { host: "${HOST}", subset: version-1 } }`;
const dangling = `{ destination: { host: "${HOST}", subset: quite-another } }`;

const sourceOf = (last: string) => texts({ "rules/shop.yaml": rules(last) });

/** Without the hundred rules, which would be compared one by one. */
const few = (last: string) =>
  texts({ "rules.yaml": rules(last).replace(/ {4}- name: a-rule[\s\S]*(?= {4}- name: the-last)/, "") });

let findings: Findings;
let explanation: Explanation;
let report: DiffReport;
beforeAll(async () => {
  findings = await check({ source: sourceOf(dangling) });
  const request = `GET http://${hosts[0]}/${"a/long/path/".repeat(20)}`;
  explanation = (await explain({ source: sourceOf(split), request })).explanation!;
  report = (await diff({ before: few(one), after: few(split) })).report!;
});

const printed = (layout: LayoutOptions) => ({
  check: formatDiagnostics(findings, layout),
  explain: formatExplanation(explanation, layout),
  diff: formatDiff(report, layout),
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: a sequence of colours begins with one
const SEQUENCES = /\u001b\[\d+m/g;

/** Lines that are too wide, and not because of one long word, such as a URL. */
function tooWide(text: string, columns: number): string[] {
  return text
    .replace(SEQUENCES, "")
    .split("\n")
    .filter((line) => line.length > columns)
    .filter((line) => line.split(" ").every((word) => word.length < columns - 10));
}

test("lines fit 80 columns unless another width is given, in colours, too", () => {
  for (const [columns, layout] of [
    [80, {}],
    [80, { color: true }],
    [80, { verbose: true }],
    [120, { columns: 120 }],
  ] as const) {
    for (const [command, text] of Object.entries(printed(layout))) {
      expect({ command, wide: tooWide(text, columns) }).toEqual({ command, wide: [] });
    }
  }
});

test("long lists are folded, and --verbose has all of them", () => {
  const short = printed({});
  const long = printed({ verbose: true });
  expect(short.check).toContain("version-1, version-2,");
  expect(short.check.replaceAll(/\s+/g, " ")).toContain("… 94 more.");
  expect(long.check.replaceAll(/\s+/g, " ")).toContain("version-99, version-100.");
  expect(short.explain.replaceAll(/\s+/g, " ")).toContain("… 90 more did not match");
  expect(short.explain).toContain("… 94 more destinations");
  expect(short.explain).toContain("the-last");
  expect(short.explain.split("\n").length).toBeLessThan(130);
  for (const i of MANY) {
    expect(long.explain).toContain(`number-${i}"`);
    expect(long.explain).toContain(`|version-${i}|`);
  }
  expect(long.explain + long.diff).not.toMatch(/… \d+ more|and \d+ more/);
});

test("JSON has lists in full", () => {
  expect(formatDiagnostics(findings, { format: "json" })).toContain("version-99, version-100.");
});

test("in colours, what is bold is the request, the match and the decision", () => {
  const { explain: text } = printed({ color: true });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a sequence of colours begins with one
  const bold = [...text.matchAll(/\u001b\[1m([\s\S]*?)\u001b\[(?:22|0)m/g)].map(([, words]) =>
    words!.replace(SEQUENCES, "").replaceAll(/\s+/g, " "),
  );
  expect(bold).toHaveLength(3);
  expect(bold[0]).toContain("GET http://shop-1.");
  expect(bold[1]).toBe("matches");
  expect(bold[2]).toMatch(/^goes to outbound\|80\|version-\d+\|/);
});

test("colours of the rules do not reach the terminal", async () => {
  const hostile = rules(one).replace("name: the-last", 'name: "the-\\u001b[31mlast"');
  const colored = await explain({
    source: texts({ "rules.yaml": hostile }),
    request: `GET http://${hosts[0]}/`,
  });
  expect(formatExplanation(colored.explanation!)).toContain("the-\\u001b[31mlast");
});
