/**
 * Asks all checks of cases of a real Envoy, in their order: of one in which no request is beyond a limit, but cases about limits
 * each of an Envoy of its own, whose buckets nobody else has touched.
 */

import { withToken } from "../../answers/authenticate/locations.ts";
import type { Case, Check } from "../../answers/cases/case.ts";
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

/** With its token where the rules look for one. */
function asAsked(check: Check, evaluators: Evaluators): Check {
  const { asked, at } = check;
  const { authentication } = evaluators.get(at)!.listener;
  return asked.jwt === undefined ? check : { ...check, asked: withToken(asked, asked.jwt, authentication) };
}

/** `log` is told how an Envoy is found. */
export async function runInEnvoy(
  cases: readonly Case[],
  evaluators: Evaluators,
  coverage: Coverage,
  compilation: { readonly limited: () => Compilation; readonly unlimited: () => Compilation },
  proxy: ProxyOptions,
  log: (line: string) => void,
): Promise<CheckResult[]> {
  const ask = (some: readonly Case[], asking: Evaluators, rules: Compilation) =>
    runInOneEnvoy(some, asking, coverage, rules, proxy, log);
  const results = new Map<Case, readonly CheckResult[]>();
  const unlimited = cases.filter(({ limits }) => !limits);
  if (unlimited.length > 0) {
    for (const [one, ofCase] of await ask(unlimited, evaluators, compilation.unlimited())) {
      results.set(one, ofCase);
    }
  }
  for (const one of cases.filter(({ limits }) => limits)) {
    results.set(one, (await ask([one], evaluators, compilation.limited())).get(one)!);
  }
  return cases.flatMap((one) => results.get(one)!);
}

async function runInOneEnvoy(
  cases: readonly Case[],
  evaluators: Evaluators,
  coverage: Coverage,
  compilation: Compilation,
  proxy: ProxyOptions,
  log: (line: string) => void,
): Promise<ReadonlyMap<Case, readonly CheckResult[]>> {
  const mesh = await EnvoyMesh.start(compilation, proxy, introducedBy(cases, compilation), log);
  try {
    const results = new Map<Case, readonly CheckResult[]>();
    for (const one of cases) {
      const ofCase: CheckResult[] = [];
      results.set(one, ofCase);
      for (const [index, check] of one.checks.entries()) {
        const start = performance.now();
        // Of the same request offline: which rule takes it.
        const { first, disagreements } = askOffline(evaluators.get(check.at)!, { ...check, times: 1 });
        let observed: Observation[] = [];
        let failure: string | undefined;
        try {
          observed = await mesh.ask(asAsked(check, evaluators), first, !one.limits);
        } catch (error) {
          failure = `Envoy did not answer: ${(error as Error).message}`;
        }
        if (check.asked.claims !== undefined) {
          failure =
            "Envoy believes no claims without a token that is signed; write jwt, or ask this check offline";
        }
        for (const { cluster } of observed) {
          coverage.note(first, cluster);
        }
        const ms = performance.now() - start;
        ofCase.push(resultOf(one, index, check, { first, observed, disagreements }, ms, failure));
      }
    }
    return results;
  } finally {
    await mesh.close();
  }
}
