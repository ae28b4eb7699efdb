/** The http rules of a VirtualService as routes, for one site. */

import type { Action, Omission, OmissionReason, Route, RouteOrigin } from "../../../ir/ir.ts";
import type { HttpMatchRequest, HttpRoute } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";
import { type GatheringContext, gathering } from "../context/gathering-context.ts";
import type { LoweredRoutes } from "../context/lowered-routes.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import type { Site } from "../context/site.ts";
import { lowerCors } from "./cors.ts";
import { lowerSplit } from "./destinations.ts";
import { isUpstreamScope, refuseSourceIp } from "./fault-scope.ts";
import { lowerFault } from "./faults.ts";
import { hashedRetry, lowerHash } from "./hash-keys.ts";
import { lowerRuleHeaders } from "./header-operations.ts";
import { lowerMirrors } from "./mirrors.ts";
import { unmetAt } from "./place.ts";
import { lowerRateLimit } from "./rate-limits.ts";
import { lowerRedirect } from "./redirects.ts";
import { lowerRetries } from "./retries.ts";
import { lowerRewrite } from "./rewrites.ts";
import { lowerOnce } from "./route-cache.ts";
import { isCatchAll, lowerRouteMatch } from "./route-match.ts";
import { routeOrigin } from "./route-origin.ts";
import { lowerSticky } from "./sticky.ts";
import { faultsBefore } from "./upstream-faults.ts";
import type { VirtualService } from "./virtual-services.ts";

/**
 * One route for each match of each rule. Nothing comes after a rule without matches or a route that takes everything:
 * nothing there could be reached. Empty: the VirtualService has nothing to say at this site.
 */
export function lowerHttpRoutes(
  virtualService: VirtualService,
  site: Site,
  lowering: LoweringContext,
): LoweredRoutes {
  return lowerOnce(virtualService, site, lowering, () => {
    const gathered = gathering(lowering);
    return { ...lowerRules(virtualService, site, gathered), effects: gathered.effects };
  });
}

interface RulesAtSite {
  readonly routes: readonly Route[];
  readonly omitted: readonly Omission[];
}

function lowerRules(virtualService: VirtualService, site: Site, lowering: GatheringContext): RulesAtSite {
  const { resource, originOf } = virtualService;
  const routes: Route[] = [];
  const omitted: Omission[] = [];
  let coveredBy: RouteOrigin | undefined;
  const omit = (
    http: HttpRoute,
    rule: number,
    match: HttpMatchRequest | undefined,
    index: number,
    reason: OmissionReason,
  ) => omitted.push({ name: routeName(http, match), origin: originOf(rule, match && index), reason });
  for (const [rule, http] of (resource.spec.http ?? []).entries()) {
    const action = once(() => lowerAction(http, rule, virtualService, site, lowering));
    const matches: readonly (HttpMatchRequest | undefined)[] = http.match?.length ? http.match : [undefined];
    for (const [index, match] of matches.entries()) {
      const conditions = unmetAt(match, site, resource.namespace, lowering.options);
      if (conditions.length > 0) {
        omit(http, rule, match, index, { kind: "elsewhere", conditions });
        continue;
      }
      if (coveredBy !== undefined) {
        omit(http, rule, match, index, { kind: "covered", by: coveredBy });
        continue;
      }
      const route = lowerRoute(http, rule, match, index, action(), virtualService);
      if (route === undefined) {
        omit(http, rule, match, index, { kind: "noDestination" });
      } else {
        routes.push(route);
      }
      // A rule without matches takes every request, also where it leads nowhere.
      if (match === undefined || (route !== undefined && isCatchAll(route.match))) {
        coveredBy = originOf(rule, match && index);
      }
    }
  }
  return { routes, omitted };
}

function lowerRoute(
  http: HttpRoute,
  rule: number,
  match: HttpMatchRequest | undefined,
  index: number,
  action: Action | undefined,
  virtualService: VirtualService,
): Route | undefined {
  if (action === undefined) {
    return undefined;
  }
  const ofUpstream = action.kind === "forward" && isUpstreamScope(rule, virtualService);
  const fault = ofUpstream ? undefined : lowerFault(http.fault);
  const headers = lowerRuleHeaders(http);
  return {
    name: routeName(http, match),
    match: lowerRouteMatch(match),
    ...(match?.statPrefix && { statPrefix: match.statPrefix }),
    ...lowerRateLimit(rule, virtualService),
    ...(fault && { fault }),
    ...lowerCors(http.corsPolicy),
    ...(headers.response && { responseHeaders: headers.response }),
    action,
    origin: routeOrigin(virtualService, rule, match && index, action),
  };
}

function routeName({ name = "" }: HttpRoute, match: HttpMatchRequest | undefined): string {
  return match?.name ? `${name}.${match.name}` : name;
}

/** Nothing for a rule that has been refused: no action, or one that is not supported. */
function lowerAction(
  http: HttpRoute,
  rule: number,
  virtualService: VirtualService,
  site: Site,
  lowering: GatheringContext,
): Action | undefined {
  // A rule has one of these; one that a delegate and its root make up together can have more.
  if (http.redirect !== undefined) {
    return lowerRedirect(http.redirect, site);
  }
  if (http.directResponse !== undefined) {
    const { status, body } = http.directResponse;
    return body?.bytes
      ? { kind: "directResponse", status, body: body.bytes, base64: true }
      : { kind: "directResponse", status, body: body?.string ?? "" };
  }
  if (http.delegate !== undefined) {
    return undefined;
  }
  const destinations = lowerSplit(http.route ?? [], rule, virtualService, site, lowering);
  const headers = lowerRuleHeaders(http);
  if (destinations.length === 0) {
    return undefined;
  }
  const { namespace } = virtualService.resource;
  const retries = http.retries ?? lowering.cache.shared.settings.written.defaultHttpRetryPolicy;
  const retry = hashedRetry(
    lowerRetries(retries),
    { ...http, ...(retries && { retries }) },
    namespace,
    lowering,
  );
  const hash = lowerHash(http, namespace, lowering);
  const fault = isUpstreamScope(rule, virtualService) ? lowerFault(http.fault) : undefined;
  const faulty = fault && faultsBefore(destinations, { fault, retry, hash });
  lowering.effects.faults.push(...(faulty?.faults ?? []));
  return {
    kind: "forward",
    destinations: faulty?.destinations ?? destinations,
    timeoutMs: durationMs(http.timeout) ?? 0,
    retry,
    ...(fault === undefined
      ? hash
      : refuseSourceIp(hash, virtualService.originOf(rule, undefined).span, lowering.effects.report)),
    ...lowerRewrite(http, site),
    ...(headers.request && { requestHeaders: headers.request }),
    ...lowerMirrors(http, rule, virtualService, site, lowering),
    ...(destinations.length > 1 && lowerSticky(rule, virtualService)),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
