/** Holds a decision of the filter against what the naive reference says. Every line is a mistake in Sluice. */

import type { Route, RouteTable } from "../../ir/ir.ts";
import { LIMITED_STATUS, LIMITED_TEXT } from "../../ir/rate-limit.ts";
import { className, classOf, type RouteClass } from "../../ir/route-class.ts";
import type { HostRequest } from "../request/wire.ts";
import type { Decision } from "../wasm-host/filter-vm.ts";
import type { RouteAt } from "./route-at.ts";
import { matches, naiveRoute } from "./trial.ts";

/** Whether the reference tries every rule, or only looks at the one that the filter took. */
export type Depth = "inOrder" | "taken";

export function disagreements(
  table: RouteTable,
  request: HostRequest,
  decision: Decision,
  taken: RouteAt | undefined,
  classGiven: string | undefined,
  routeClass: RouteClass | undefined,
  depth: Depth,
): string[] {
  const lines: string[] = [];
  if (depth === "inOrder") {
    const wanted = naiveRoute(table, request);
    if (wanted !== taken?.route) {
      lines.push(
        `tried in order, ${wanted ? "another" : "no"} rule matches the request${taken ? "" : ", but the filter found none"}`,
      );
    }
  } else if (taken !== undefined && !matches(taken.route.match, request)) {
    lines.push("the rule that the filter chose does not match the request");
  }
  if (classGiven !== undefined && routeClass === undefined) {
    lines.push(`the filter named the route class ${classGiven}, which no rule has`);
  }
  const why = taken === undefined ? unrouted(decision) : contradiction(taken.route, decision, classGiven);
  return why === undefined ? lines : [...lines, why];
}

function unrouted({ outcome, status }: Decision): string | undefined {
  return outcome === "respond" && status === 404
    ? undefined
    : "no rule matches the request, but the filter did not answer 404";
}

/** Whether the filter found no token for the request. */
export function isLimited({ rateLimit }: Route, { status, body }: Decision): boolean {
  return rateLimit !== undefined && status === LIMITED_STATUS && body === LIMITED_TEXT;
}

function contradiction(route: Route, decision: Decision, classGiven: string | undefined): string | undefined {
  const { action, fault } = route;
  const { outcome, status, grpcStatus, cluster } = decision;
  if (isLimited(route, decision)) {
    return decision.delayMs > 0 ? "the filter delayed a request beyond the limit" : undefined;
  }
  const delay = fault?.delay;
  if (decision.delayMs > 0 && (delay === undefined || delay.perMillion === 0)) {
    return `the filter delayed the request by ${decision.delayMs} ms, but the rule has no delay`;
  }
  if (delay !== undefined && delay.perMillion >= 1_000_000 && decision.delayMs < Math.floor(delay.fixedMs)) {
    return `the filter delayed the request by ${decision.delayMs} ms instead of ${delay.fixedMs} ms`;
  }
  const abort = fault?.abort;
  if (outcome === "respond" && abort !== undefined && abort.perMillion > 0) {
    if (abort.kind === "grpc" ? grpcStatus === abort.status : status === abort.status) {
      return undefined;
    }
  }
  if (action.kind !== "forward") {
    const routeClass = classOf(route);
    return routeClass === undefined
      ? outcome === "respond" && status === action.status
        ? undefined
        : `the rule answers ${action.status}, but the filter did not`
      : classGiven === className(routeClass)
        ? undefined
        : "the filter did not name the route class that answers";
  }
  const { destinations } = action;
  const drawn = destinations.length === 1 ? destinations[0] : destinations[decision.destination ?? -1];
  if (outcome !== "forward" || drawn === undefined || (drawn.fault ?? drawn.cluster) !== cluster) {
    return `the filter's choice, ${cluster ?? `an answer ${status}`}, is not a destination of the rule`;
  }
  const routeClass = classOf(route, drawn);
  return classGiven === (routeClass && className(routeClass))
    ? undefined
    : `the filter named ${classGiven === undefined ? "no route class" : `the route class ${classGiven}`}, but the rule has another`;
}
