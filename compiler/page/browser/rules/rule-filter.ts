/** Which rules are shown, and in what order. */

import { isOffWeight, type LiveState } from "../live/live-state.ts";
import { groupSum, type RuleGroup } from "./rule-group.ts";

/** Kinds of rules that people look for. A rule is shown that is of every kind asked for. */
export const RULE_FLAGS = {
  unused: { title: "Unused", hint: "No request since Envoy started" },
  offWeight: { title: "Off weight", hint: "A destination gets another share than its weight says" },
  faults: { title: "Faults", hint: "Delays or aborts requests" },
  findings: { title: "Findings", hint: "Check has something to say" },
} as const;

export type RuleFlag = keyof typeof RULE_FLAGS;

export interface RuleFilter {
  /** Words, each of which has to occur in name, host, path, cluster or file. */
  readonly text: string;
  readonly flags: ReadonlySet<RuleFlag>;
}

export function isFiltered({ text, flags }: RuleFilter): boolean {
  return text.trim() !== "" || flags.size > 0;
}

export function filterGroups(
  groups: readonly RuleGroup[],
  filter: RuleFilter,
  live: LiveState,
): readonly RuleGroup[] {
  if (!isFiltered(filter)) {
    return groups;
  }
  const words = filter.text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const flags = [...filter.flags];
  return groups.filter(
    (group) =>
      words.every((word) => group.text.includes(word)) && flags.every((flag) => hasFlag(group, flag, live)),
  );
}

function hasFlag(group: RuleGroup, flag: RuleFlag, live: LiveState): boolean {
  switch (flag) {
    case "unused":
      return (groupSum(group, live)?.taken.total ?? 0) === 0;
    case "offWeight":
      return isOffWeight(groupSum(group, live));
    case "faults":
      return group.view.delay !== undefined || group.view.abort !== undefined;
    case "findings":
      return group.findings.length > 0;
  }
}

/** The busiest first; those that do nothing keep their order. */
export function byTraffic(groups: readonly RuleGroup[], live: LiveState): readonly RuleGroup[] {
  return groups
    .map((group) => ({ group, taken: groupSum(group, live)?.taken }))
    .sort(
      (a, b) =>
        (b.taken?.perSecond ?? 0) - (a.taken?.perSecond ?? 0) ||
        (b.taken?.total ?? 0) - (a.taken?.total ?? 0),
    )
    .map(({ group }) => group);
}
