/**
 * What one target cannot do, though the rules say it rightly and the other can. Judged on what was lowered, so that no front
 * end has to know which targets there are.
 */

import type { Span } from "../diagnostics/span.ts";
import { hasVariables } from "../ir/header-values.ts";
import type { Listener, Route, VirtualHost } from "../ir/ir.ts";
import { perStretch } from "../lists/stretches.ts";

/** What decides cannot do this. */
export interface Refusal {
  readonly span: Span | undefined;
  readonly what: string;
  readonly help: string;
}

/** What one of the two cannot do of a listener's rules. */
export function refusalsOf({ routes }: Listener, decider: "wasm" | "native"): Refusal[] {
  return REFUSALS[decider](routes.virtualHosts).flat();
}

const REFUSALS = { wasm: refusals(refuseOwnAnswerWithVariables), native: refusals(refuseSticky) } as const;

function refusals(refusedBy: (route: Route) => Refusal | undefined) {
  return perStretch((hosts: readonly VirtualHost[]) =>
    hosts.flatMap(({ routes }) => routes.flatMap((route) => refusedBy(route) ?? [])),
  );
}

/** The filter answers a request that is aborted or limited, and knows no variables; the native target leaves both to Envoy. */
function refuseOwnAnswerWithVariables(route: Route): Refusal | undefined {
  const { rateLimit, fault, responseHeaders, action, origin } = route;
  const isAborted = fault?.abort !== undefined;
  // Envoy gives the headers of a rule that answers to that answer only.
  if (!isAborted && (rateLimit === undefined || action.kind !== "forward")) {
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
        what: `a variable in the response headers of a rule with ${isAborted ? "fault.abort" : "sluice.dev/rate-limit"}`,
        help: isAborted
          ? "Write out the values, put the fault into a separate rule, or use --target native."
          : "Write out the values, or use --target native.",
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
