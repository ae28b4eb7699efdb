/**
 * How Envoy's format strings tell which rule took a request. The filter says it in properties of the request, which Envoy
 * keeps as state of the filter; Envoy's own routes have it as their name and their metadata.
 */

import { FAULT_PROPERTY, MATCH_PROPERTY, RULE_PROPERTY } from "../../../filter/layout.ts";
import type { RouteOrigin } from "../../ir/ir.ts";
import type { OwnOperator } from "../../options/log-operators.ts";
import type { Decider } from "../decider.ts";
import { matchLabel } from "../stat-names.ts";

/** Envoy's own flags of a request are bits; those of a delay and of an abort stand side by side. */
const FAULTS = "response.flags / 512 % 4";

/** What stands for each of Sluice's own operators at a listener. What is not there is `-`, and `null` in JSON. */
export function ruleOperators(listener: string, decider: Decider): Readonly<Record<OwnOperator, string>> {
  const name = listener.replaceAll("%", "%%");
  return decider === "wasm"
    ? {
        RULE: property(RULE_PROPERTY),
        MATCH: property(MATCH_PROPERTY),
        FAULT: property(FAULT_PROPERTY),
        LISTENER: name,
      }
    : {
        RULE: "%ROUTE_NAME%",
        MATCH: "%METADATA(ROUTE:sluice:match)%",
        // Beyond the end of a list there is no value.
        FAULT: `%CEL(["delay", "abort", "delay,abort"][${FAULTS} - 1])%`,
        LISTENER: name,
      };
}

/**
 * The name of a span: the rule, or Envoy's own word for what happened where no rule took the request. Without a name Envoy takes the
 * host that a client asked for, and a collector would have as many names as clients think of.
 */
export function spanName(decider: Decider): string {
  return decider === "wasm"
    ? `%CEL("${STATE}${RULE_PROPERTY}" in filter_state ? filter_state["${STATE}${RULE_PROPERTY}"] : response.code_details)%`
    : // Without a route the name of the route is an error, which the first condition covers.
      '%CEL(response.code_details == "route_not_found" || xds.route_name == "" ? response.code_details : xds.route_name)%';
}

/** Of a TCP chain, whose connections no rule of HTTP takes. */
export function chainOperators(chain: string): Readonly<Record<OwnOperator, string>> {
  return { RULE: "-", MATCH: "-", FAULT: "-", LISTENER: chain.replaceAll("%", "%%") };
}

/** What the filter has set; without `PLAIN` Envoy prints how it is kept. */
function property(name: string): string {
  return `%FILTER_STATE(${STATE}${name}:PLAIN)%`;
}

/** Before the names of what a filter has set. */
const STATE = "wasm.";

/** What of a native route its name does not tell apart: a member of `filter_metadata`, which `METADATA(ROUTE:sluice:match)` reads. */
export function matchMetadata(origin: RouteOrigin | undefined): {
  readonly sluice?: { readonly match: string };
} {
  const match = matchLabel(origin);
  return match === "" ? {} : { sluice: { match } };
}
