/** Tells, once, which listeners `--target auto` leaves to Envoy's own routes. */

import { deciderOf } from "../../back/decider.ts";
import { nativeIsCheaper } from "../../back/target-cost.ts";
import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { Config, Listener } from "../../ir/ir.ts";
import type { Target } from "../../options.ts";

/**
 * Reports SL0601 of listeners whose rules cost less so; nothing of those without any rule, which only pass requests on. Who
 * asked for one of the two is told nothing: for few rules, 3 µs a request are no reason to read a note at every check.
 */
export function tellOfCheaperTarget({ listeners }: Config, target: Target, sink: DiagnosticSink): void {
  const cheaper = listeners.filter(
    (listener) => target === "auto" && hasRules(listener) && deciderOf(listener, target) === "native",
  );
  const costs = cheaper.flatMap((listener) => nativeIsCheaper(listener) ?? []);
  if (costs.length === 0) {
    return;
  }
  const nativeUs = Math.max(...costs.map((cost) => cost.nativeUs));
  const [{ filterUs }] = costs as [(typeof costs)[number]];
  const names = cheaper.map(({ name }) => name).join(", ");
  sink.report({
    code: "SL0601",
    level: "info",
    message:
      `Envoy's own routes are used for the rules of ${names}: ` +
      `at most about ${nativeUs.toFixed(2)} µs of CPU time per request; the filter needs about ${filterUs.toFixed(1)} µs`,
    help: "Once there are many more rules, Envoy uses the filter after its next start.",
  });
}

function hasRules({ routes }: Listener): boolean {
  return routes.virtualHosts.some((virtualHost) =>
    virtualHost.routes.some(({ origin }) => origin !== undefined),
  );
}
