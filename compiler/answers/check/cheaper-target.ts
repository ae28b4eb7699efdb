/** Tells, once, where Envoy's own routes serve written rules for less than the filter. */

import { deciderOf } from "../../back/decider.ts";
import { nativeIsCheaper } from "../../back/target-cost.ts";
import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { Config, Listener } from "../../ir/ir.ts";
import type { Target } from "../../options.ts";

/**
 * Reports SL0601 of the listeners that would be cheaper, or are with `auto`; nothing of those without any rule, which only
 * pass requests on. Who asked for `native` knows.
 */
export function hintAtCheaperTarget({ listeners }: Config, target: Target, sink: DiagnosticSink): void {
  const cheaper = listeners.filter(
    (listener) => target !== "native" && hasRules(listener) && deciderOf(listener, "auto") === "native",
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
      `Envoy's own routes ${target === "auto" ? "are used" : "would be cheaper"} for the rules of ${names}: ` +
      `at most about ${nativeUs.toFixed(2)} µs of CPU time per request; the filter needs about ${filterUs.toFixed(1)} µs`,
    ...(target !== "auto" && {
      help: "Use --target auto, which chooses what costs less for each listener, as the rules grow and shrink.",
    }),
  });
}

function hasRules({ routes }: Listener): boolean {
  return routes.virtualHosts.some((virtualHost) =>
    virtualHost.routes.some(({ origin }) => origin !== undefined),
  );
}
