/** What each host of a listener takes: the sum of its rules there. */

import type { LiveRule } from "../../../observe/live-report.ts";
import type { ListenerView, RulesView } from "../../api.ts";
import type { LiveState } from "../live/live-state.ts";
import { ruleKey } from "../live/rule-key.ts";

export interface HostRate {
  readonly host: ListenerView["hosts"][number];
  readonly perSecond: number;
  /** Some of its rules are for other hosts as well, and are counted for all of them together: it may be less. */
  readonly isShared: boolean;
}

/** The busiest first. */
export function hostRates({ name, hosts }: ListenerView, view: RulesView, live: LiveState): HostRate[] {
  const users = new Map<number, number>();
  for (const rule of hosts.flatMap(({ rules }) => rules)) {
    users.set(rule, (users.get(rule) ?? 0) + 1);
  }
  const rates = hosts.map((host) => {
    let perSecond = 0;
    let isShared = false;
    for (const index of host.rules) {
      const rule = view.rules[index];
      const sum = rule && live.rules.get(ruleKey(rule.id, rule.match));
      if (sum !== undefined && sum.taken.perSecond > 0) {
        perSecond += takenAt(sum.parts.filter(({ listener }) => listener === name));
        isShared ||= (users.get(index) ?? 0) > 1;
      }
    }
    return { host, perSecond, isShared };
  });
  return rates.sort((a, b) => b.perSecond - a.perSecond);
}

/** Of rules at one listener: forwarded, answered, aborted and left. */
export function takenAt(parts: readonly LiveRule[]): number {
  return parts.reduce(
    (sum, { requests, redirects, directAnswers, aborts, left }) =>
      sum +
      requests.perSecond +
      redirects.perSecond +
      directAnswers.perSecond +
      aborts.perSecond +
      left.perSecond,
    0,
  );
}
