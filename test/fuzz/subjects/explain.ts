/** `explain`: rules and a request; what it says is what the filter does. */

import { Evaluators } from "../../../compiler/answers/evaluate/evaluator.ts";
import { explain as explainRequest } from "../../../compiler/answers/explain/explain.ts";
import { loadFilter } from "../../../compiler/answers/wasm-host/filter-vm.ts";
import { understand } from "../../../compiler/compile.ts";
import {
  DEFAULT_PROXY_OPTIONS,
  formatExplanation,
  makeRequest,
  parseCurl,
  parseHeader,
  parseRequestLine,
} from "../../../compiler/index.ts";
import { filterModulePath } from "../../../compiler/platform/package-root.ts";
import { curlLine, headerLine, requestLine } from "../requests.ts";
import { plausibleRules } from "../rules.ts";
import { expectPrintable, Sink, type Subject } from "../subject.ts";
import { refusedInWords } from "./request.ts";

/** Requests to one set of rules: making its program costs more than asking. */
const REQUESTS = 5;
const DRAWS = 10;

export const explain: Subject = {
  name: "explain",
  share: 8,
  prepare({ corpus }) {
    const filter = loadFilter(filterModulePath());
    return (dice) => {
      const text = plausibleRules(dice, corpus);
      const lines = Array.from({ length: REQUESTS }, () => ({
        line: requestLine(dice),
        curl: dice.chance(0.1) ? curlLine(dice) : undefined,
        headers: Array.from({ length: dice.below(3) }, () => headerLine(dice)),
        http2: dice.chance(0.3),
      }));
      return {
        input: { "rules.yaml": text, "requests.json": JSON.stringify(lines) },
        run() {
          const findings = new Sink();
          const { config, unread } = understand(
            [{ path: "rules.yaml", text }],
            DEFAULT_PROXY_OPTIONS,
            "answer",
            findings,
          );
          if (findings.hasErrors) {
            return false;
          }
          const evaluators = new Evaluators(filter, config);
          let asked = 0;
          for (const { line, curl, headers, http2 } of lines) {
            const request = refusedInWords(() =>
              curl === undefined
                ? makeRequest(parseRequestLine(line), headers.map(parseHeader), {
                    protocol: http2 ? "HTTP/2" : "HTTP/1.1",
                  })
                : parseCurl(curl),
            );
            const listener = request && evaluators.listenerFor(request);
            if (request === undefined || listener === undefined) {
              continue;
            }
            const explanation = explainRequest(request, listener, evaluators, unread, DRAWS);
            if (explanation.disagreements.length > 0) {
              throw new Error(explanation.disagreements.join("\n"));
            }
            expectPrintable(formatExplanation(explanation));
            JSON.stringify(explanation);
            asked += 1;
          }
          return asked > 0;
        },
      };
    };
  },
};
