/** Rules for the host that no request meets at the listener, and exactly why: the compiler left them out. */

import type { Omission, OmissionReason, VirtualHost } from "../../ir/ir.ts";
import { place, type RulePlace } from "../../ir/origin.ts";

export interface RuleNotHere extends RulePlace {
  readonly name: string;
  readonly why: string;
  /** Which of the reasons `why` is. */
  readonly reason: OmissionReason["kind"];
}

export function rulesNotHere({ omitted = [] }: VirtualHost): RuleNotHere[] {
  return omitted.map(({ origin, name, reason }: Omission) => ({
    ...place(origin),
    name,
    why: inWords(reason),
    reason: reason.kind,
  }));
}

function inWords(reason: OmissionReason): string {
  switch (reason.kind) {
    case "elsewhere":
      return `is for ${reason.conditions.join(" and ")}`;
    case "covered":
      return `comes after ${ruleIn(reason.by)}, which matches every request`;
    case "noDestination":
      return "has no destination: every weight is 0";
  }
}

function ruleIn({ resource, rule, match }: Extract<OmissionReason, { kind: "covered" }>["by"]): string {
  return `${resource} http[${rule + 1}]${match === undefined ? "" : `.match[${match + 1}]`}`;
}
