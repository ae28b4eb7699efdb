/**
 * The native target: the route table as Envoy's own `RouteConfiguration`, written the way istiod writes it. No
 * WebAssembly is needed for it; and it judges the filter, which must answer as Envoy does with this.
 */

import type {
  Action,
  Destination,
  DirectResponse,
  Forward,
  Listener,
  Route,
  VirtualHost,
} from "../../ir/ir.ts";
import { onlyDestination } from "../../ir/only-destination.ts";
import { isCountedByRoute, type RouteCountersOptions } from "../route-counters.ts";
import { routeLabel, routeStatPrefix } from "../stat-names.ts";
import { wantsRuleNames } from "../wants-rule-names.ts";
import { type BodyLimit, emitBodyLimit } from "./connection-limits.ts";
import { emitCors } from "./cors.ts";
import { emitFault, FAULT_FILTER, FAULT_TYPE } from "./fault.ts";
import { emitHashPolicy } from "./hash-policy.ts";
import { emitHeaders } from "./headers.ts";
import { emitMirrors } from "./mirrors.ts";
import { typed } from "./protobuf.ts";
import { emitRateLimits, emitUnlimited, isLimited, limitMetadata } from "./rate-limit.ts";
import { emitRedirect } from "./redirect.ts";
import { emitRetryPolicy } from "./retry.ts";
import { emitRewrite } from "./rewrite.ts";
import {
  type EnvoyRoute,
  type EnvoyVirtualHost,
  filterConfig,
  INTERNAL_ONLY_HEADERS,
  type RouteAction,
  type RouteConfiguration,
  timeLimits,
  type WeightedCluster,
} from "./route-configuration.ts";
import { emitRouteMatch } from "./route-match.ts";
import { matchMetadata } from "./rule-operators.ts";

/** istiod's limit; Envoy's own would be 4 KiB. */
const MAX_DIRECT_RESPONSE_BODY_BYTES = 1_048_576;

type NativeRouteOptions = Parameters<typeof wantsRuleNames>[0] & RouteCountersOptions;

/** What a route says of itself to statistics, logs and traces. */
interface Told {
  readonly matches: boolean;
  /** The listener by whose name and that of the rule its requests are counted; absent: they are not. */
  readonly statsOf?: string;
  /** Upstreams are told which try it is. */
  readonly tries: boolean;
  /** Some of the table have a limit. */
  readonly limited: boolean;
}

/** `name`: what the table is asked for by. */
export function emitNativeRoutes(
  listener: Listener,
  name: string,
  options: NativeRouteOptions,
): RouteConfiguration {
  const { routes, proxyHeaders } = listener;
  const limits = emitRateLimits(listener);
  const told: Told = {
    limited: Object.keys(limits).length > 0,
    matches: wantsRuleNames(options),
    ...(isCountedByRoute(listener, options) && { statsOf: listener.name }),
    tries: !proxyHeaders?.withoutAttemptCount,
  };
  const bodyLimit = emitBodyLimit(listener);
  return {
    name,
    internal_only_headers: INTERNAL_ONLY_HEADERS,
    ignore_port_in_host_matching: routes.ignorePortInHost,
    // A destination that nobody registered is a 503 for its own requests, not a table refused for all.
    validate_clusters: false,
    max_direct_response_body_size_bytes: MAX_DIRECT_RESPONSE_BODY_BYTES,
    ...filterConfig(limits),
    virtual_hosts: routes.virtualHosts.map((host) => emitVirtualHost(host, told, bodyLimit)),
  };
}

function emitVirtualHost(host: VirtualHost, told: Told, bodyLimit: BodyLimit): EnvoyVirtualHost {
  const { name, domains, routes, requireTls } = host;
  // What `require_tls` does is no route.
  const own = requireTls ? routes.slice(1) : routes;
  return {
    name,
    domains,
    include_request_attempt_count: told.tries,
    ...bodyLimit,
    ...filterConfig(told.limited && !isLimited(host) ? emitUnlimited() : {}),
    ...(requireTls && { require_tls: "ALL" as const }),
    ...(own.length > 0 || !requireTls ? { routes: own.map((route) => emitRoute(route, told)) } : {}),
  };
}

function emitRoute(route: Route, { matches, statsOf }: Told): EnvoyRoute {
  const { origin, match, statPrefix, fault, cors, responseHeaders, action } = route;
  const name = routeLabel(origin);
  const counted = statsOf !== undefined && origin ? routeStatPrefix(statsOf, origin, statPrefix) : statPrefix;
  return {
    // The same as in statistics, logs and traces of the filter.
    ...(name !== "" && { name }),
    ...filterMetadata({ ...(matches && matchMetadata(origin)), ...limitMetadata(route) }),
    match: emitRouteMatch(match),
    ...(counted && { stat_prefix: counted }),
    ...emitAction(action),
    ...filterConfig({
      ...(fault && { [FAULT_FILTER]: typed(FAULT_TYPE, emitFault(fault)) }),
      ...emitCors(cors),
    }),
    ...emitHeaders(action.kind === "forward" ? action.requestHeaders : undefined, responseHeaders),
  };
}

function filterMetadata(filter_metadata: Readonly<Record<string, object>>): Pick<EnvoyRoute, "metadata"> {
  return Object.keys(filter_metadata).length === 0 ? {} : { metadata: { filter_metadata } };
}

export function emitAction(action: Action): Pick<EnvoyRoute, "route" | "redirect" | "direct_response"> {
  switch (action.kind) {
    case "forward":
      return { route: emitForward(action) };
    case "redirect":
      return { redirect: emitRedirect(action) };
    case "directResponse":
      return { direct_response: emitDirectResponse(action) };
  }
}

function emitDirectResponse({
  status,
  body,
  base64,
}: DirectResponse): NonNullable<EnvoyRoute["direct_response"]> {
  if (body === "") {
    return { status };
  }
  return { status, body: base64 ? { inline_bytes: body } : { inline_string: body } };
}

function emitForward({
  destinations,
  timeoutMs,
  retry,
  mirrors,
  hash,
  rewrite,
  hostRewrite,
  appendsForwardedHost,
}: Forward): RouteAction {
  const retryPolicy = emitRetryPolicy(retry);
  return {
    ...emitDestinations(destinations),
    ...timeLimits(timeoutMs),
    ...(retryPolicy && { retry_policy: retryPolicy }),
    ...emitMirrors(mirrors),
    ...emitHashPolicy(hash),
    ...emitRewrite(rewrite, hostRewrite, appendsForwardedHost),
  };
}

function emitDestinations(
  destinations: readonly Destination[],
): Pick<RouteAction, "cluster" | "weighted_clusters"> {
  const only = onlyDestination({ destinations });
  if (only !== undefined) {
    return { cluster: only.fault ?? only.cluster };
  }
  return {
    weighted_clusters: { clusters: destinations.map(emitWeighted) },
  };
}

function emitWeighted({
  cluster,
  fault,
  weight,
  requestHeaders,
  responseHeaders,
  hostRewrite,
}: Destination): WeightedCluster {
  return {
    name: fault ?? cluster,
    weight,
    ...(hostRewrite !== undefined && { host_rewrite_literal: hostRewrite }),
    ...emitHeaders(requestHeaders, responseHeaders),
  };
}
