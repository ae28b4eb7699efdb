/**
 * The witnesses of `diff`, one request for each way in which a revision decides otherwise than the one before, put to the very
 * programs of both: each must decide as its rules say. Whatever a program does that nobody wrote would show here.
 */

import { type Difference, diffConfigs } from "../../answers/diff/diff.ts";
import type { Evaluator } from "../../answers/evaluate/evaluator.ts";
import type { AskedRequest } from "../../answers/request/asked.ts";
import { urlOf } from "../../answers/request/request-at.ts";
import type { Config, Route } from "../../ir/ir.ts";
import { place } from "../../ir/origin.ts";
import type { BlamedRule } from "../rollout/state.ts";
import { type Failed, shorten } from "./cases.ts";
import type { Programs } from "./programs.ts";

/** Comparing takes longer the more rules there are, and the server has proxies to talk to: `sluice diff` takes its time. */
export const MOST_ROUTES = 4_000;
/** Of each host; see `DiffOptions`. */
const MAX_WORK = 20_000;

/** `undefined` when all are decided as the rules say. */
export function failedWitnesses(programs: readonly Programs[]): Failed | undefined {
  const lines: string[] = [];
  const rules: BlamedRule[] = [];
  for (const { before, after } of programs) {
    if (before === undefined || routesOf(before.config) + routesOf(after.config) > MOST_ROUTES) {
      continue;
    }
    const { differences } = diffConfigs(before.config, after.config, {
      maxWork: MAX_WORK,
    });
    for (const difference of differences) {
      const { listener, request } = difference;
      const wrong = [
        ...unlike(before.get(listener), request, difference.before),
        ...unlike(after.get(listener), request, difference.after),
      ];
      lines.push(...wrong.map((why) => `${request.method} ${urlOf(request)} at ${listener}: ${why}`));
      if (wrong.length > 0) {
        rules.push(...ruleOf(difference));
      }
    }
  }
  return lines.length === 0 ? undefined : { words: shorten(lines), rules };
}

function unlike(
  evaluator: Evaluator | undefined,
  request: AskedRequest,
  expected: Route | undefined,
): string[] {
  const evaluation = evaluator?.evaluate(request, "taken");
  const taken = evaluation?.taken?.route;
  return taken === expected
    ? [...(evaluation?.disagreements ?? [])]
    : [`the program takes ${taken?.name || "no rule"} where the rules say ${expected?.name || "none"}`];
}

function ruleOf({ after, before }: Difference): BlamedRule[] {
  const { id, file, line } = place((after ?? before)?.origin);
  return id !== undefined && file !== undefined && line !== undefined ? [{ name: id, file, line }] : [];
}

function routesOf({ listeners }: Config): number {
  const hosts = listeners.flatMap(({ routes }) => routes.virtualHosts);
  return hosts.reduce((sum, { routes }) => sum + routes.length, 0);
}
