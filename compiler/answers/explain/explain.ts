/** A request that is asked at a listener, and what there is to say of it. */

import { nearest } from "../../diagnostics/nearest.ts";
import type { UnreadResource } from "../../front/istio/unread/unread-resource.ts";
import type { Config, Listener } from "../../ir/ir.ts";
import { type Evaluation, type Evaluators, namesHost } from "../evaluate/evaluator.ts";
import type { AskedRequest } from "../request/asked.ts";
import { type Explanation, hasDice, makeExplanation } from "./explanation.ts";
import { rulesNotHere } from "./not-here.ts";
import { unreadHere } from "./unread-here.ts";

/** How often a request is asked where dice are in it: enough to show shares, and a matter of milliseconds. */
const DRAWS = 1000;

export function explain(
  asked: AskedRequest,
  listener: Listener,
  evaluators: Evaluators,
  unread: readonly UnreadResource[] = [],
  draws = DRAWS,
): Explanation {
  const { config } = evaluators;
  const evaluator = evaluators.get(listener.name)!;
  const evaluation = evaluator.evaluate(asked);
  const dice = evaluation.taken !== undefined && hasDice(evaluation.taken.route);
  const clusters = new Map(config.clusters.map((cluster) => [cluster.name, cluster]));
  const near = nearestHost(evaluation, config);
  const others = config.listeners.filter(({ name }) => name !== listener.name);
  const knowing = others.filter((one) => namesHost(one, asked.authority));
  const isUnknown = knowing.length === 0 && !namesHost(listener, asked.authority);
  return makeExplanation({
    asked,
    ...(near !== undefined && { nearestHost: near }),
    notHere: evaluation.host ? rulesNotHere(evaluation.host.virtualHost) : [],
    unread: unreadHere(unread, listener, evaluation.request),
    listener,
    others: knowing.map(({ name }) => name),
    candidates: isUnknown ? others.map(({ name }) => name) : [],
    evaluation,
    draws: dice ? Array.from({ length: draws }, () => evaluator.evaluate(asked)) : [],
    clusterOf: (name) => clusters.get(name),
    upstreamFaults: config.upstreamFaults ?? [],
  });
}

/** Only for a host that nobody names: one that a wildcard takes may be meant so. */
function nearestHost({ request, host }: Evaluation, { listeners }: Config): string | undefined {
  if (request === undefined || (host !== undefined && host.domain !== "*")) {
    return undefined;
  }
  const known = listeners.flatMap(({ routes }) => routes.virtualHosts.flatMap(({ domains }) => domains));
  return nearest(
    request.authority.toLowerCase(),
    known.filter((domain) => !domain.startsWith("*")),
  );
}
