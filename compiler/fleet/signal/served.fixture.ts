/** Rules that a server serves, as far as their statistics ask. */

import { RULE_STATS, type StatLabels, statName } from "../../back/stat-names.ts";
import type { Config, Route } from "../../ir/ir.ts";

export const RULES = ["shop/reviews#split", "shop/reviews#all", "shop/pages#0"];
export const CLUSTER = "outbound|9080|v1|reviews.shop.svc.cluster.local";

/** A gateway whose rules each forward to one cluster. */
export function configOf(rules: readonly string[], listener = "mesh"): Config {
  const routes = rules.map(
    (id): Route => ({
      name: "",
      match: { headers: [], queryParams: [] },
      action: {
        kind: "forward",
        destinations: [{ cluster: CLUSTER, weight: 1 }],
        timeoutMs: 0,
        retry: {
          attempts: 0,
          perTryTimeoutMs: 0,
          retryOn: [],
          retriableStatusCodes: [],
          avoidPreviousHosts: false,
          avoidPreviousPriorities: false,
        },
      },
      origin: {
        ruleId: id,
        id,
        resource: id,
        rule: 0,
        span: { file: "rules.yaml", start: 0, end: 0 },
      } as unknown as NonNullable<Route["origin"]>,
    }),
  );
  return {
    listeners: [
      {
        name: listener,
        role: "mesh",
        address: "127.0.0.1",
        port: 1,
        routes: {
          ignorePortInHost: true,
          virtualHosts: [{ name: "all", domains: ["*"], routes }],
        },
      },
    ],
    clusters: [{ name: CLUSTER }] as unknown as Config["clusters"],
  };
}

/** The name under which Envoy reports it. */
export function counter(
  labels: StatLabels,
  metric: string = RULE_STATS.requests,
  more: StatLabels = metric === RULE_STATS.requests ? { cluster: CLUSTER } : {},
): string {
  return `wasmcustom.${statName(metric, { listener: "mesh", ...labels, ...more })}`;
}
