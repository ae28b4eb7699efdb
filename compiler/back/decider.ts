/**
 * What decides the requests of a listener: the filter, or Envoy's own routes. The option `target` says so for all of them, or
 * leaves it to what each would cost.
 */

import { DIAGNOSTIC_CODES } from "../diagnostics/codes.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Config, Listener } from "../ir/ir.ts";
import type { Target } from "../options.ts";
import { refusalsOf } from "./refused-by-target.ts";
import { nativeIsCheaper } from "./target-cost.ts";

export type Decider = "wasm" | "native";

/**
 * With `auto`, what costs a request less, of those that can do what the rules say. `before`: what decides there already, and
 * goes on if it can. A listener that changes sides is replaced, and connections that clients keep open go by its old rules.
 */
export function deciderOf(listener: Listener, target: Target, before?: Decider): Decider {
  if (target !== "auto") {
    return target;
  }
  if (before !== undefined && refusalsOf(listener, before).length === 0) {
    return before;
  }
  if (refusalsOf(listener, "native").length > 0) {
    return "wasm";
  }
  return nativeIsCheaper(listener) !== undefined || refusalsOf(listener, "wasm").length > 0
    ? "native"
    : "wasm";
}

/** One finding for each rule and each thing, whatever listeners it is for. */
export function refusedByTarget({ listeners }: Config, target: Target): Diagnostic[] {
  const code = "SL0301";
  const { level } = DIAGNOSTIC_CODES[code];
  const findings = new Map<string, Diagnostic>();
  for (const listener of listeners) {
    for (const { span, what, help } of refusalsOf(listener, deciderOf(listener, target))) {
      const message = `not supported yet: ${what}`;
      const key = JSON.stringify([message, span?.file.path, span?.start]);
      findings.set(key, { code, level, message, ...(span && { span }), help });
    }
  }
  return [...findings.values()];
}
