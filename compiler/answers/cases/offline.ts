/** Asks a check offline: the filter decides in Node, and what Envoy does around it follows from the IR. */

import { describeRateLimit } from "../../ir/rate-limit.ts";
import type { Evaluation, Evaluator, SentRequest } from "../evaluate/evaluator.ts";
import { hostOf } from "../evaluate/trial.ts";
import type { Check } from "./case.ts";
import { joinedByName, linesByName } from "./headers.ts";
import type { Observation, Sent } from "./judge.ts";

/** Rules of one host beyond which the reference no longer tries them all: that would cost more than all the rest. */
const TRIED_IN_ORDER = 1000;

export interface Asked {
  /** The others differ from it by dice alone. */
  readonly first: Evaluation;
  readonly observed: readonly Observation[];
  readonly disagreements: readonly string[];
}

/** `onEach` sees every evaluation; they are many, and not kept. */
export function askOffline(
  evaluator: Evaluator,
  { asked, times }: Pick<Check, "asked" | "times">,
  onEach: (evaluation: Evaluation) => void = () => {},
): Asked {
  const host = hostOf(evaluator.listener.routes, asked.authority);
  const few = (host?.virtualHost.routes.length ?? 0) <= TRIED_IN_ORDER;
  const observed: Observation[] = [];
  const disagreements = new Set<string>();
  const ask = (depth: "inOrder" | "taken") => {
    const evaluation = evaluator.evaluate(asked, depth);
    onEach(evaluation);
    observed.push(observationOf(evaluation));
    for (const line of evaluation.disagreements) {
      disagreements.add(line);
    }
    return evaluation;
  };
  // The same request meets the same rule, however often it is asked.
  const first = ask(few ? "inOrder" : "taken");
  for (let i = 1; i < times; i++) {
    ask("taken");
  }
  return { first, observed, disagreements: [...disagreements] };
}

export function observationOf(evaluation: Evaluation): Observation {
  const { outcome, delayMs } = evaluation;
  const common = { ...ruleOf(evaluation), delay: { leastMs: delayMs, mostMs: delayMs } };
  const { status, headers, body } = outcome.answer;
  const responseHeaders = linesByName(headers);
  if (outcome.kind === "answer") {
    return { ...common, status, cluster: "none", responseHeaders, body, copies: [] };
  }
  return {
    ...common,
    status,
    cluster: outcome.cluster,
    upstream: sent(outcome.upstream),
    responseHeaders,
    body,
    copies: outcome.copies.map((copy) => ({ ...sent(copy), cluster: copy.cluster })),
  };
}

/** What an answer does not tell of the rule that took the request. */
export function ruleOf({ taken }: Evaluation): Pick<Observation, "route" | "rateLimit"> {
  const rateLimit = taken?.route.rateLimit;
  return {
    route: taken?.route.name ?? "none",
    rateLimit: rateLimit === undefined ? null : describeRateLimit(rateLimit),
  };
}

function sent({ method, host, path, headers }: SentRequest): Sent {
  return { method, host, path, headers: joinedByName(headers) };
}
