/** What rules have counted at the proxies of a fleet, as far as those report to this server. */

import type { StatLabels } from "../../back/stat-names.ts";

export interface RuleCounts {
  /** Each once. */
  readonly sums: Iterable<RuleSum>;
  /** Statistics in reports that were of nothing that is served, or was served lately. */
  readonly dropped: number;
}

/** Of the proxies of a scope, since the server knows each of them. */
export interface RuleSum {
  readonly scope: string;
  /** One of `RULE_STATS`. */
  readonly metric: string;
  readonly labels: StatLabels;
  readonly count: number;
}
