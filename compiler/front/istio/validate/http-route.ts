/**
 * One http rule of a VirtualService: which fields exclude one another; what each may hold is checked in a file for each
 * family of fields. Source: istiod's `validateHTTPRoute` and what it calls.
 */

import type { FieldPath } from "../../resources/resource.ts";
import type { HttpRoute } from "../../resources/types.ts";
import { checkDuration } from "./common.ts";
import { checkCors } from "./cors.ts";
import { checkHttpDestinations } from "./destinations.ts";
import { checkDirectResponse } from "./direct-response.ts";
import { checkFault } from "./faults.ts";
import { checkHeaderOperations } from "./header-operations.ts";
import { checkMirrors } from "./mirrors.ts";
import { checkRedirect } from "./redirects.ts";
import { each, type Reporter } from "./reporter.ts";
import { checkRetries } from "./retries.ts";
import { checkRewrite } from "./rewrites.ts";
import { checkRouteMatch } from "./route-match.ts";

interface Where {
  /** The resource is a delegate. */
  readonly delegate: boolean;
  /** JWT claims may be matched: the resource is bound to gateways only. */
  readonly claims: boolean;
}

export function checkHttpRoute(reporter: Reporter, route: HttpRoute, path: FieldPath, where: Where): void {
  if (route === null) {
    reporter.report("SL0217", path, "the rule is empty");
    return;
  }
  checkConflicts(reporter, route, path, where);
  each(route.match, [...path, "match"], (match, at) => checkRouteMatch(reporter, match, at, where.claims));
  checkHeaderOperations(reporter, route.headers, [...path, "headers"]);
  checkHttpDestinations(reporter, route, path);
  checkAuthority(reporter, route, path);
  checkFault(reporter, route, path);
  checkMirrors(reporter, route, path);
  checkRedirect(reporter, route, path);
  checkDirectResponse(reporter, route, path);
  checkRewrite(reporter, route, path);
  checkCors(reporter, route.corsPolicy, [...path, "corsPolicy"]);
  checkRetries(reporter, route.retries, [...path, "retries"]);
  checkDuration(reporter, route.timeout, [...path, "timeout"]);
}

function checkConflicts(reporter: Reporter, route: HttpRoute, path: FieldPath, where: Where): void {
  if (route.delegate) {
    if (where.delegate) {
      reporter.report("SL0219", [...path, "delegate"], "a delegate cannot delegate");
    }
    for (const field of ["route", "redirect"] as const) {
      if (route[field] !== undefined) {
        reporter.report("SL0218", [...path, field], `a rule with a delegate cannot have ${field}`);
      }
    }
    return;
  }
  const actions = (["route", "redirect", "directResponse"] as const).filter((field) =>
    field === "route" ? (route.route?.length ?? 0) > 0 : route[field],
  );
  if (actions.length === 0) {
    reporter.report("SL0218", path, "the rule has no action", "Add `route`, `redirect` or `directResponse`.");
  }
  for (const field of actions.slice(1)) {
    reporter.report(
      "SL0218",
      [...path, field],
      `a rule needs exactly one of route, redirect and directResponse; this one has ${actions.join(" and ")}`,
    );
  }
  for (const action of ["redirect", "directResponse"] as const) {
    if (!route[action]) {
      continue;
    }
    for (const field of ["fault", "rewrite"] as const) {
      if (route[field]) {
        reporter.report("SL0218", [...path, field], `a rule with a ${action} cannot have ${field}`);
      }
    }
  }
  if (route.mirror && (route.mirrors?.length ?? 0) > 0) {
    reporter.report("SL0218", [...path, "mirrors"], "mirror and mirrors cannot be combined");
  }
}

/** The host may be rewritten by `rewrite` or by an operation on a header, but only once. */
function checkAuthority(reporter: Reporter, route: HttpRoute, path: FieldPath): void {
  let current = route.rewrite?.authority;
  for (const verb of ["set", "add"] as const) {
    for (const [name, value] of Object.entries(route.headers?.request?.[verb] ?? {})) {
      if (!["host", ":authority"].includes(name.toLowerCase())) {
        continue;
      }
      if (current) {
        const place = [...path, "headers", "request", verb, name];
        reporter.report("SL0226", place, "the rule rewrites the authority twice");
      }
      current = value;
    }
  }
}
