/** A rule as it is written, with all of its matches: what one heading of the list stands for. Made once for each `RulesView`. */

import type { JsonDiagnostic } from "../../../diagnostics/render/json.ts";
import type { RulesView, RuleView } from "../../api.ts";
import { type LiveState, type RuleSum, sumOfSums } from "../live/live-state.ts";
import { ruleKey } from "../live/rule-key.ts";
import { FindingsByLine } from "./findings-by-line.ts";

export class RuleGroup {
  /** Tells it from all others of the view. */
  readonly id: string;
  readonly view: RuleView;
  /** More than one if the rule has several matches. */
  readonly matches: readonly RuleView[];
  readonly findings: readonly JsonDiagnostic[];
  readonly #searched: () => string;
  #notes: ReadonlyMap<number, LineNote> | undefined;
  #text: string | undefined;

  /** `searched` gives what a search looks through; few rules of many are ever asked for it. */
  constructor(
    id: string,
    matches: readonly RuleView[],
    findings: readonly JsonDiagnostic[],
    searched: () => string,
  ) {
    this.id = id;
    this.view = matches[0]!;
    this.matches = matches;
    this.findings = findings;
    this.#searched = searched;
  }

  /** What a line of it does, by its number. */
  get notes(): ReadonlyMap<number, LineNote> {
    this.#notes ??= notesOf(this.matches);
    return this.#notes;
  }

  /** In lower case. */
  get text(): string {
    this.#text ??= this.#searched().toLowerCase();
    return this.#text;
  }
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
  const ids = new Set<string>();
  for (let from = 0; from < view.rules.length; ) {
    const begin = from;
    const first = view.rules[begin]!;
    do {
      from++;
    } while (view.rules[from]?.id === first.id && view.rules[from]?.file === first.file);
    const matches = view.rules.slice(begin, from);
    const path = view.files[first.file]?.path;
    const searched = () =>
      [
        first.name,
        first.id,
        first.resource,
        path,
        ...matches.flatMap((match, index) => [...match.conditions, ...(hostsOf.get(begin + index) ?? [])]),
        ...first.destinations.map(({ cluster }) => cluster),
      ].join("\n");
    const own = findings.of(path, first.line, first.lastLine);
    // The same after a reload, so that what was unfolded stays unfolded; an id that is there twice is told apart.
    const id = ids.has(first.id) ? `${first.id}\n${begin}` : first.id;
    ids.add(id);
    groups.push(new RuleGroup(id, matches, own, searched));
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

/** Domains, by the index of the rule; most rules are for one host and share its list. */
function hostsByRule({ listeners }: RulesView): Map<number, readonly string[]> {
  const hosts = new Map<number, readonly string[]>();
  for (const { domains, rules } of listeners.flatMap(({ hosts }) => hosts)) {
    for (const rule of rules) {
      const known = hosts.get(rule);
      hosts.set(rule, known === undefined || known === domains ? domains : [...known, ...domains]);
    }
  }
  return hosts;
}
