/** A rule as it is written, with all of its matches: what one heading of the list stands for. Made once for each `RulesView`. */

import type { JsonDiagnostic } from "../../../diagnostics/render/json.ts";
import type { RulesView, RuleView } from "../../api.ts";
import { type LiveState, type RuleSum, sumOfSums } from "../live/live-state.ts";
import { ruleKey } from "../live/rule-key.ts";
import { FindingsByLine } from "./findings-by-line.ts";

export interface RuleGroup {
  /** Tells it from all others of the view. */
  readonly id: string;
  readonly view: RuleView;
  /** More than one if the rule has several matches. */
  readonly matches: readonly RuleView[];
  readonly file: number;
  readonly line: number;
  readonly lastLine: number;
  /** What a line of it does, by its number. */
  readonly notes: ReadonlyMap<number, LineNote>;
  readonly findings: readonly JsonDiagnostic[];
  /** What a search looks through, in lower case. */
  readonly text: string;
}

/** What a line is, if something can be seen of it. */
export type LineNote =
  | {
      readonly kind: "destination";
      readonly cluster: string;
      readonly weight: number;
      readonly whole: number;
    }
  | { readonly kind: "match"; readonly key: string }
  | { readonly kind: "delay" }
  | { readonly kind: "abort" };

export function groupRules(view: RulesView): RuleGroup[] {
  const hostsOf = hostsByRule(view);
  const findings = new FindingsByLine(view.findings);
  const groups: RuleGroup[] = [];
  for (let from = 0; from < view.rules.length; ) {
    const first = view.rules[from]!;
    let to = from + 1;
    while (view.rules[to]?.id === first.id && view.rules[to]?.file === first.file) {
      to++;
    }
    const matches = view.rules.slice(from, to);
    const path = view.files[first.file]?.path;
    groups.push({
      id: `${first.id}\n${from}`,
      view: first,
      matches,
      file: first.file,
      line: first.line,
      lastLine: first.lastLine,
      notes: notesOf(matches),
      findings: findings.of(path, first.line, first.lastLine),
      text: [
        first.name,
        first.id,
        first.resource,
        path,
        ...matches.flatMap((match, index) => [...match.conditions, ...(hostsOf.get(from + index) ?? [])]),
        ...first.destinations.map(({ cluster }) => cluster),
      ]
        .join("\n")
        .toLowerCase(),
    });
    from = to;
  }
  return groups;
}

/** What the rule did, all its matches together; `undefined`: nothing that was counted. */
export function groupSum({ matches }: RuleGroup, live: LiveState): RuleSum | undefined {
  const sums = matches.flatMap(({ id, match }) => live.rules.get(ruleKey(id, match)) ?? []);
  return sums.length > 1 ? sumOfSums(sums) : sums[0];
}

/** The lines beside it: each match has its own, and a rule one that is the sum of them. */
export function historyKeys({ matches }: RuleGroup): readonly string[] {
  return matches.map(({ id, match }) => ruleKey(id, match));
}

function notesOf(matches: readonly RuleView[]): Map<number, LineNote> {
  const first = matches[0]!;
  const notes = new Map<number, LineNote>();
  for (const { id, match, matchLine } of matches) {
    if (matchLine !== undefined) {
      notes.set(matchLine, { kind: "match", key: ruleKey(id, match) });
    }
  }
  const whole = first.destinations.reduce((sum, { weight }) => sum + weight, 0);
  for (const { cluster, weight, line } of first.destinations) {
    notes.set(line, { kind: "destination", cluster, weight, whole });
  }
  if (first.delay?.line !== undefined) {
    notes.set(first.delay.line, { kind: "delay" });
  }
  if (first.abort?.line !== undefined) {
    notes.set(first.abort.line, { kind: "abort" });
  }
  return notes;
}

function hostsByRule({ listeners }: RulesView): Map<number, string[]> {
  const hosts = new Map<number, string[]>();
  for (const { hosts: all } of listeners) {
    for (const { domains, rules } of all) {
      for (const rule of rules) {
        const known = hosts.get(rule) ?? [];
        hosts.set(rule, known);
        known.push(...domains);
      }
    }
  }
  return hosts;
}
