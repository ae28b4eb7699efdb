/** What came of asking cases: the data that every report is made from. */

import { positionAt } from "../../diagnostics/position.ts";
import type { Route } from "../../ir/ir.ts";
import { place, type RulePlace } from "../../ir/origin.ts";
import type { Evaluation } from "../evaluate/evaluator.ts";
import { type TriedRule, triedRule } from "../explain/explanation.ts";
import type { Case, Check } from "./case.ts";
import { type Difference, judge } from "./judge.ts";
import type { Asked } from "./offline.ts";

/** What came of one check of a case. Fields are added, never changed or removed. */
export interface CheckResult {
  readonly case: string;
  /** Counts from 1 within its case. */
  readonly check: number;
  readonly ask: string;
  readonly at: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly times: number;
  readonly ok: boolean;
  readonly differences: readonly Difference[];
  /** The rule that took it; absent when none did. */
  readonly rule?: RulePlace & { readonly name: string };
  /** Rules that lead where it was expected to go and did not take it, with what they wanted. */
  readonly instead: readonly TriedRule[];
  /** Why it could not be asked, or mistakes in Sluice itself. */
  readonly errors: readonly string[];
  readonly ms: number;
}

export function resultOf(
  one: Case,
  index: number,
  check: Check,
  { first, observed, disagreements }: Asked,
  ms: number,
  failure?: string,
): CheckResult {
  const differences = failure === undefined ? judge(check, observed) : [];
  const errors = [
    ...(failure === undefined ? [] : [failure]),
    ...disagreements.map((line) => `a bug in Sluice: the filter and its reference disagree: ${line}`),
  ];
  const route = first.taken?.route;
  const { line, column } = positionAt(check.span.file, check.span.start);
  const result: CheckResult = {
    case: one.name,
    check: index + 1,
    ask: check.ask,
    at: check.at,
    file: check.span.file.path,
    line,
    column,
    times: check.times,
    ok: differences.length === 0 && errors.length === 0,
    differences,
    instead: differences.some(({ what }) => what === "route" || what === "cluster")
      ? expectedRules(check, first)
      : [],
    errors,
    ms,
  };
  return route === undefined ? result : withRule(result, route);
}

/** A place costs a parse, and of checks that pass mostly nobody asks for it. */
function withRule(result: CheckResult, { origin, name }: Route): CheckResult {
  let rule: CheckResult["rule"];
  return Object.defineProperty(result, "rule", {
    enumerable: true,
    get() {
      rule ??= { ...place(origin), name };
      return rule;
    },
  });
}

const MOST_RULES = 3;

function expectedRules({ expect }: Check, { host, request, taken }: Evaluation): TriedRule[] {
  if (host === undefined || request === undefined) {
    return [];
  }
  const isExpected = ({ name, action }: Route) =>
    name === expect.route ||
    (expect.route === undefined &&
      action.kind === "forward" &&
      action.destinations.some(({ cluster }) => cluster === expect.cluster));
  return host.virtualHost.routes
    .filter((route) => route !== taken?.route && isExpected(route))
    .slice(0, MOST_RULES)
    .map((route) => triedRule(route, request, false));
}
