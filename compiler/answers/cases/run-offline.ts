/** Asks all checks of cases offline, in their order. */

import type { Evaluators } from "../evaluate/evaluator.ts";
import type { Case } from "./case.ts";
import type { Coverage } from "./coverage.ts";
import { askOffline } from "./offline.ts";
import { type CheckResult, resultOf } from "./results.ts";

export function runOffline(
  cases: readonly Case[],
  evaluators: Evaluators,
  coverage: Coverage,
): CheckResult[] {
  return cases.flatMap((one) => {
    const asking = one.limits ? evaluators.withLimits() : evaluators;
    return one.checks.map((check, index) => {
      const start = performance.now();
      const asked = askOffline(asking.get(check.at)!, check, (evaluation) => coverage.note(evaluation));
      const { outcome, why } = asked.first;
      const failure =
        outcome.kind === "answer" && outcome.by === "reset"
          ? `Envoy does not answer: it ends the stream before any rule, since ${why}`
          : undefined;
      return resultOf(one, index, check, asked, performance.now() - start, failure);
    });
  });
}
