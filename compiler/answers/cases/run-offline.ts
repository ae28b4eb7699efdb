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
  return cases.flatMap((one) =>
    one.checks.map((check, index) => {
      const start = performance.now();
      const asked = askOffline(evaluators.get(check.at)!, check, (evaluation) => coverage.note(evaluation));
      return resultOf(one, index, check, asked, performance.now() - start);
    }),
  );
}
