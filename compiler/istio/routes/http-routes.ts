/** The http rules of a VirtualService as routes, for one site. */

import type { Action, Route } from "../../ir/ir.ts";
import { durationMs } from "../../schema/duration.ts";
import type { Lowering } from "../lowering.ts";
import type { HttpMatchRequest, HttpRoute } from "../model.ts";
import type { VirtualService } from "../virtual-services.ts";
import { lowerCors } from "./cors.ts";
import { lowerSplit } from "./destinations.ts";
import { lowerFault } from "./faults.ts";
import { lowerMirrors } from "./mirrors.ts";
import { lowerRetries } from "./retries.ts";
import { isCatchAll, lowerRouteMatch } from "./route-match.ts";
import { appliesAt, type Site } from "./sites.ts";

/**
 * One route for each match of each rule. Nothing comes after a rule without matches or a route that takes everything:
 * nothing there could be reached. Empty: the VirtualService has nothing to say at this site.
 */
export function lowerHttpRoutes(virtualService: VirtualService, site: Site, lowering: Lowering): Route[] {
  const { resource } = virtualService;
  const routes: Route[] = [];
  for (const [rule, http] of (resource.spec.http ?? []).entries()) {
    const action = once(() => lowerAction(http, rule, virtualService, site, lowering));
    const matches: readonly (HttpMatchRequest | undefined)[] = http.match?.length ? http.match : [undefined];
    for (const [index, match] of matches.entries()) {
      if (!appliesAt(match, site, resource.namespace, lowering.options)) {
        continue;
      }
      const route = lowerRoute(http, rule, match, index, action(), virtualService);
      if (route === undefined) {
        continue;
      }
      routes.push(route);
      if (isCatchAll(route.match)) {
        return routes;
      }
    }
    if (matches[0] === undefined) {
      return routes;
    }
  }
  return routes;
}

function lowerRoute(
  http: HttpRoute,
  rule: number,
  match: HttpMatchRequest | undefined,
  index: number,
  action: Action | undefined,
  { originOf }: VirtualService,
): Route | undefined {
  if (action === undefined) {
    return undefined;
  }
  const fault = lowerFault(http.fault);
  return {
    name: match?.name ? `${http.name ?? ""}.${match.name}` : (http.name ?? ""),
    match: lowerRouteMatch(match),
    ...(match?.statPrefix && { statPrefix: match.statPrefix }),
    ...(fault && { fault }),
    ...lowerCors(http.corsPolicy),
    action,
    origin: originOf(rule, match && index),
  };
}

/** Nothing for a rule that has been refused: no action, or one that is not supported. */
function lowerAction(
  http: HttpRoute,
  rule: number,
  virtualService: VirtualService,
  site: Site,
  lowering: Lowering,
): Action | undefined {
  if (http.directResponse !== undefined) {
    const { status, body } = http.directResponse;
    return { kind: "directResponse", status, body: body?.string ?? "" };
  }
  if (http.redirect !== undefined || http.delegate !== undefined) {
    return undefined;
  }
  const destinations = lowerSplit(http.route ?? [], rule, virtualService, site, lowering);
  if (destinations.length === 0) {
    return undefined;
  }
  return {
    kind: "forward",
    destinations,
    timeoutMs: durationMs(http.timeout) ?? 0,
    retry: lowerRetries(http.retries),
    ...lowerMirrors(http, rule, virtualService, site, lowering),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
