/**
 * The last requests that were sampled, decided by the rules that serve and by others: how many would go elsewhere. Compared is
 * what becomes of a request, with the weights of a split and not one throw of the dice.
 */

import { outcomeOf } from "../../answers/compare/outcome.ts";
import type { AskedRequest } from "../../answers/request/asked.ts";
import type { Route } from "../../ir/ir.ts";
import type { SampledRequest } from "../tap/read-sample.ts";
import type { Decider } from "./decider.ts";
import { type ShownDecision, shownDecision } from "./shown-decision.ts";
import type { Turns } from "./turns.ts";

export interface Replay {
  /** Requests that both decided. */
  readonly of: number;
  /** Those of them of which something else would become. */
  readonly changed: number;
  /** One for each way in which they differ, that of most requests first. */
  readonly examples: readonly ShownDecision[];
}

const MOST_EXAMPLES = 10;

interface Change {
  count: number;
  readonly example: () => ShownDecision;
}

/** Gives way to others while it goes on; throws what `turns` throws when nobody wants it any more. */
export async function replay(
  samples: readonly SampledRequest[],
  before: Decider,
  after: Decider,
  turns: Turns,
): Promise<Replay> {
  const outcomes = new Map<Route, string>();
  const outcome = (route: Route | undefined) => {
    if (route === undefined) {
      return "";
    }
    const known = outcomes.get(route) ?? outcomeOf(route);
    outcomes.set(route, known);
    return known;
  };
  const changes = new Map<string, Change>();
  /** Most of a thousand requests are alike. */
  const decided = new Map<string, readonly [Route | undefined, Route | undefined]>();
  let of = 0;
  let changed = 0;
  for (const { tapped, headers } of samples) {
    await turns.next();
    const { listener } = tapped;
    // What was no request, no rule decides.
    if (tapped.authority === "" || !before.has(listener)) {
      continue;
    }
    const asked = askedBy(tapped, headers);
    const key = JSON.stringify([listener, asked]);
    const sides = decided.get(key) ?? [before.routeOf(listener, asked), after.routeOf(listener, asked)];
    decided.set(key, sides);
    const [was, is] = sides;
    of++;
    const [old, now] = [outcome(was), after.has(listener) ? outcome(is) : GONE];
    if (old !== now) {
      changed++;
      const kind = `${old}\n${now}`;
      const known = changes.get(kind) ?? { count: 0, example: () => shownDecision(asked, was, is) };
      known.count++;
      changes.set(kind, known);
    }
  }
  const examples = [...changes.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_EXAMPLES)
    .map(({ example }) => example());
  return { of, changed, examples };
}

/** The listener is not there any more. */
const GONE = "gone";

function askedBy(
  { method, scheme, authority, path, protocol }: SampledRequest["tapped"],
  headers: SampledRequest["headers"],
): AskedRequest {
  return {
    method,
    authority,
    path,
    headers,
    protocol: protocol === "HTTP/2" ? "HTTP/2" : "HTTP/1.1",
    ...(scheme === "https" && { secure: true as const }),
  };
}
