/**
 * What rules have counted, for Prometheus: the same metrics with the same labels as an Envoy has them, and the scope. A server with
 * many rules has many series, so there is a bound, and what is beyond it is counted.
 */

import { RULE_STATS } from "../../back/stat-names.ts";
import type { RuleCounts } from "../model/rule-counts.ts";
import type { Family, Sample } from "./exposition.ts";

/** Some 5 MB of text. */
const MOST_SERIES = 20_000;

const HELP: Readonly<Record<string, string>> = {
  [RULE_STATS.requests]:
    "Requests that proxies forwarded, by the rule that took them and the cluster that it chose.",
  [RULE_STATS.answers]: "Requests that rules answered themselves.",
  [RULE_STATS.faults]: "Faults that rules injected.",
  [RULE_STATS.left]: "Clients that left while a delay held their request.",
  [RULE_STATS.limited]: "Requests beyond the limits of rules.",
  [RULE_STATS.unmatched]: "Requests that no virtual host, or none of its rules, took.",
};

/** `most` series; those that were counted first come first. */
export function ruleFamilies({ sums, dropped }: RuleCounts, most = MOST_SERIES): readonly Family[] {
  const families = new Map<string, Sample[]>(Object.keys(HELP).map((metric) => [metric, []]));
  let series = 0;
  for (const { scope, metric, labels, count } of sums) {
    series += 1;
    if (series <= most) {
      families.get(metric)?.push({ labels: { scope, ...labels }, value: count });
    }
  }
  return [
    ...[...families].map(
      ([name, samples]): Family => ({ name, help: HELP[name]!, type: "counter", samples }),
    ),
    {
      name: "sluice_rule_series_left_out",
      help: `Series of rules that are not shown, beyond the first ${most}.`,
      type: "gauge",
      samples: [{ value: Math.max(0, series - most) }],
    },
    {
      name: "sluice_statistics_dropped_total",
      help: "Statistics in reports of proxies that are of nothing which is served.",
      type: "counter",
      samples: [{ value: dropped }],
    },
  ];
}
