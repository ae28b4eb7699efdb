/** Tells who compiles for the filter that Envoy's own routes would serve the same rules for less. */

import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { Config } from "../../ir/ir.ts";
import { nativeIsCheaper } from "./target-cost.ts";

/** Reports SL0601 for rules that the `wasm` target was asked for, and nothing for others. */
export function hintAtCheaperTarget(config: Config, target: "wasm" | "native", sink: DiagnosticSink): void {
  const cost = target === "wasm" ? nativeIsCheaper(config) : undefined;
  if (cost === undefined) {
    return;
  }
  const { virtualHost, routes, nativeUs, filterUs } = cost;
  sink.report({
    code: "SL0601",
    level: "info",
    message:
      `Envoy's own routes would be cheaper for these rules: the longest virtual host, ${JSON.stringify(virtualHost.name)}, ` +
      `has ${routes} ${routes === 1 ? "route" : "routes"}, which cost about ${nativeUs.toFixed(2)} µs of CPU time per request; the filter costs about ${filterUs.toFixed(1)} µs`,
    help: "Use `--target native`, or keep the filter if the rules will grow.",
  });
}
