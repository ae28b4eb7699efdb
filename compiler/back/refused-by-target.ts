/**
 * What one target cannot do, though the rules say it rightly and the other target can. Judged on what was lowered, so
 * that no front end has to know which targets there are.
 */

import { DIAGNOSTIC_CODES } from "../diagnostics/codes.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Span } from "../diagnostics/span.ts";
import { hasVariables } from "../ir/header-values.ts";
import type { Config, Route } from "../ir/ir.ts";
import type { Target } from "../options.ts";

interface Refusal {
  readonly span: Span | undefined;
  readonly what: string;
  readonly help: string;
}

/** One finding for each rule and each thing, whatever listeners it is for. */
export function refusedByTarget(config: Config, target: Target): Diagnostic[] {
  const code = "SL0301";
  const { level } = DIAGNOSTIC_CODES[code];
  const refusedBy = REFUSALS[target];
  const findings = new Map<string, Diagnostic>();
  for (const { routes } of config.listeners) {
    for (const virtualHost of routes.virtualHosts) {
      for (const route of virtualHost.routes) {
        const refusal = refusedBy(route);
        if (refusal !== undefined) {
          const { span, what, help } = refusal;
          const message = `not supported yet: ${what}`;
          const key = JSON.stringify([message, span?.file.path, span?.start]);
          findings.set(key, { code, level, message, ...(span && { span }), help });
        }
      }
    }
  }
  return [...findings.values()];
}

const REFUSALS: Readonly<Record<Target, (route: Route) => Refusal | undefined>> = {
  wasm: refuseAbortWithVariables,
  native: refuseSticky,
};

/** The filter answers an aborted request, and knows no variables; the native target leaves both to Envoy. */
function refuseAbortWithVariables({ fault, responseHeaders, action, origin }: Route): Refusal | undefined {
  if (fault?.abort === undefined) {
    return undefined;
  }
  const lists = [
    responseHeaders,
    ...(action.kind === "forward"
      ? action.destinations.map((destination) => destination.responseHeaders)
      : []),
  ];
  return lists.some(hasVariables)
    ? {
        span: origin?.span,
        what: "a variable in the response headers of a rule with fault.abort",
        help: "Write out the values, put the fault into a separate rule, or use --target native.",
      }
    : undefined;
}

/** Envoy can split by a hash itself, but by one under which nearly everybody moves when a weight changes. */
function refuseSticky({ action, origin }: Route): Refusal | undefined {
  return action.kind === "forward" && action.sticky !== undefined
    ? {
        span: origin?.ruleSpan ?? origin?.span,
        what: "sluice.dev/sticky with --target native",
        help: "Envoy's own splits move users when a weight changes; use --target wasm.",
      }
    : undefined;
}
