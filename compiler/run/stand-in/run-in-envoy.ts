/** Asks all checks of cases of a real Envoy, in their order. */

import type { Case } from "../../answers/cases/case.ts";
import type { Coverage } from "../../answers/cases/coverage.ts";
import type { Observation } from "../../answers/cases/judge.ts";
import { askOffline } from "../../answers/cases/offline.ts";
import { type CheckResult, resultOf } from "../../answers/cases/results.ts";
import type { Evaluators } from "../../answers/evaluate/evaluator.ts";
import { fromClient, NOBODY } from "../../answers/request/from-client.ts";
import type { Compilation } from "../../compile.ts";
import type { ProxyOptions } from "../../options.ts";
import { EnvoyMesh } from "./envoy-mesh.ts";

/** Listeners that some client comes to with an address of its own. */
function introducedBy(cases: readonly Case[], { config }: Compilation): ReadonlySet<string> {
  const listeners = new Map(config.listeners.map((listener) => [listener.name, listener]));
  const names = cases.flatMap(({ checks }) =>
    checks
      .filter(({ asked, at }) => fromClient(asked, listeners.get(at)!).connection !== NOBODY)
      .map(({ at }) => at),
  );
  return new Set(names);
}

/** `log` is told how an Envoy is found. */
export async function runInEnvoy(
  cases: readonly Case[],
  evaluators: Evaluators,
  coverage: Coverage,
  compilation: Compilation,
  proxy: ProxyOptions,
  log: (line: string) => void,
): Promise<CheckResult[]> {
  const mesh = await EnvoyMesh.start(compilation, proxy, introducedBy(cases, compilation), log);
  try {
    const results: CheckResult[] = [];
    for (const one of cases) {
      for (const [index, check] of one.checks.entries()) {
        const start = performance.now();
        // Of the same request offline: which rule takes it.
        const { first, disagreements } = askOffline(evaluators.get(check.at)!, { ...check, times: 1 });
        let observed: Observation[] = [];
        let failure: string | undefined;
        try {
          observed = await mesh.ask(check, first);
        } catch (error) {
          failure = `Envoy did not answer: ${(error as Error).message}`;
        }
        for (const { cluster } of observed) {
          coverage.note(first, cluster);
        }
        const ms = performance.now() - start;
        results.push(resultOf(one, index, check, { first, observed, disagreements }, ms, failure));
      }
    }
    return results;
  } finally {
    await mesh.close();
  }
}
