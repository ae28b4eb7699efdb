/** `test`: case files, good and bad, asked of good rules. */

import { Coverage } from "../../../compiler/answers/cases/coverage.ts";
import { askOffline } from "../../../compiler/answers/cases/offline.ts";
import { readCases } from "../../../compiler/answers/cases/read.ts";
import { resultOf } from "../../../compiler/answers/cases/results.ts";
import { standInHeaders } from "../../../compiler/answers/cases/stand-in.ts";
import { configOf } from "../../../compiler/answers/cases/testing.ts";
import { Evaluators } from "../../../compiler/answers/evaluate/evaluator.ts";
import { loadFilter } from "../../../compiler/answers/wasm-host/filter-vm.ts";
import {
  type AskedRequest,
  DEFAULT_PROXY_OPTIONS,
  formatCoverage,
  formatJunit,
  formatResults,
} from "../../../compiler/index.ts";
import { filterModulePath } from "../../../compiler/platform/package-root.ts";
import type { Dice } from "../dice.ts";
import { mutatedText, mutatedValue } from "../mutate.ts";
import { requestLine } from "../requests.ts";
import { expectPrintable, Sink, type Subject } from "../subject.ts";
import { trap } from "../traps.ts";

const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a }
spec:
  hosts: [a.example]
  http:
  - match: [{ uri: { regex: "/(a|b)*x?" }, headers: { x: { prefix: b } } }]
    name: regex
    rewrite: { uriRegexRewrite: { match: "a+", rewrite: "<\\\\0>" } }
    headers: { request: { set: { x-b: "%REQ(x-a)%" } } }
    mirrors: [{ destination: { host: a.example }, percentage: { value: 50 } }]
    route: [{ destination: { host: a.example, subset: v1 }, weight: 1 }, { destination: { host: a.example, subset: v2 }, weight: 3 }]
  - match: [{ uri: { prefix: /d } }]
    fault: { delay: { fixedDelay: 2s, percentage: { value: 50 } } }
    directResponse: { status: 200, body: { string: hello } }
  - redirect: { uri: /x }
`;

const CASE = {
  name: "a case",
  why: "so",
  at: "mesh",
  checks: [
    {
      ask: "GET http://a.example/ab",
      http: "2",
      headers: { x: "b", y: ["1", "2"] },
      body: "b",
      times: 20,
      expect: {
        route: "regex",
        cluster: "a.example/v1",
        path: "/ab",
        headers: { "x-b": null },
        copies: [{ cluster: "a.example" }],
      },
      shares: { clusters: { "a.example/v1": 0.25, "a.example/v2": 0.75 }, copies: { "a.example": 0.5 } },
    },
    {
      ask: "GET http://a.example/d",
      expect: { status: 200, body: "hello", delayMs: 2000, responseHeaders: { a: ["b"], c: null } },
    },
    {
      ask: "GET http://a.example/",
      expect: { status: 301, cluster: "none", responseHeaders: { location: "http://a.example/x" } },
    },
  ],
};

export const cases: Subject = {
  name: "test",
  share: 10,
  prepare({ corpus }) {
    const config = configOf(RULES);
    const evaluators = new Evaluators(loadFilter(filterModulePath()), config, standInHeaders);
    const context = {
      listeners: config.listeners,
      listenerFor: (asked: AskedRequest) => evaluators.listenerFor(asked)?.name,
      proxy: DEFAULT_PROXY_OPTIONS,
    };
    return (dice) => {
      const text = caseFile(dice, corpus.cases);
      return {
        input: { "cases.yaml": text, "rules.yaml": RULES },
        run() {
          const findings = new Sink();
          const found = readCases({ path: "cases.yaml", text }, context, findings);
          const coverage = new Coverage(config);
          const results = found.flatMap((one) =>
            one.checks.map((check, i) => {
              const asked = askOffline(evaluators.get(check.at)!, check, (evaluation) =>
                coverage.note(evaluation),
              );
              if (asked.disagreements.length > 0) {
                throw new Error(asked.disagreements.join("\n"));
              }
              return resultOf(one, i, check, asked, 1);
            }),
          );
          expectPrintable(formatResults(results, { how: "offline", ms: 1 }));
          expectPrintable(formatCoverage(coverage.report()));
          expectXml(formatJunit(results));
          return results.length > 0;
        },
      };
    };
  },
};

/** What XML cannot have, not even by number; the rest of it is ours. */
function expectXml(text: string): void {
  const found =
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are hostile
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}|&(?!amp;|lt;|gt;|quot;|#(?:9|10|13);)/u.exec(
      text,
    );
  if (found !== null) {
    throw new Error(`no XML at ${JSON.stringify(text.slice(found.index, found.index + 60))}`);
  }
}

function caseFile(dice: Dice, files: readonly string[]): string {
  const kind = dice.next();
  if (kind < 0.1) {
    return trap(dice);
  }
  if (kind < 0.3) {
    return mutatedText(dice.pick(files), dice);
  }
  let value: unknown = CASE;
  for (let i = 1 + dice.below(3); i > 0; i--) {
    value = mutatedValue(value, dice);
  }
  const text = JSON.stringify(value).replace(/http:\/\/[^" ]*/, () =>
    dice.chance(0.5) ? JSON.stringify(requestLine(dice)).slice(1, -1) : "http://a.example/ab",
  );
  return kind < 0.5 ? mutatedText(text, dice) : text;
}
