/**
 * Where Envoy's own routes count by rule. Each counts in statistics of its own, by status and time as well, which costs some
 * kilobytes a route and a tenth of what a request costs: so it is asked for, and for as many routes as nobody notices.
 */

import { DIAGNOSTIC_CODES } from "../diagnostics/codes.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Listener, VirtualHost } from "../ir/ir.ts";
import { perStretch } from "../lists/stretches.ts";
import type { ProxyOptions } from "../options.ts";

/** Of one listener. */
export const MOST_COUNTED_ROUTES = 1_000;

export type RouteCountersOptions = Pick<ProxyOptions, "ruleCounters">;

/** Of a listener that Envoy's own routes decide for. */
export function isCountedByRoute(listener: Listener, { ruleCounters }: RouteCountersOptions): boolean {
  return ruleCounters === "all" || (ruleCounters === "on" && countedRoutes(listener) <= MOST_COUNTED_ROUTES);
}

/** SL0963, where it was asked for and is too much. */
export function tooManyToCount(listener: Listener, options: RouteCountersOptions): Diagnostic[] {
  return options.ruleCounters !== "on" || isCountedByRoute(listener, options)
    ? []
    : [
        {
          code: "SL0963",
          level: DIAGNOSTIC_CODES.SL0963.level,
          message: `listener ${listener.name} has ${countedRoutes(listener)} routes, more than the ${MOST_COUNTED_ROUTES} that Envoy's own routes count by; its requests are not counted by rule`,
          help: "Pass --rule-counters all to count them anyway, or --target wasm, which counts at no cost.",
        },
      ];
}

function countedRoutes({ routes }: Listener): number {
  return routesWithRules(routes.virtualHosts).reduce((sum, count) => sum + count, 0);
}

const routesWithRules = perStretch((hosts: readonly VirtualHost[]) =>
  hosts.reduce((sum, { routes }) => sum + routes.filter(({ origin }) => origin !== undefined).length, 0),
);
