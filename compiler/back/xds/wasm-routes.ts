/**
 * Envoy's routes of the wasm target. They hold no rule: the filter has decided, and its headers say what the
 * router must do. Where a header cannot say it there is a route class, looked up by the name that the filter wrote:
 * one look-up, however many classes there are. A request that the filter has not seen names no cluster, and so goes
 * nowhere; one that names a class which is not there has no route.
 */

import { CLASS_HEADER, CLUSTER_HEADER } from "../../../filter/layout.ts";
import type { Listener } from "../../ir/ir.ts";
import {
  type ClassHeaders,
  classesOf,
  DEFAULT_RETRY,
  type RouteClass,
  SAME_HOST_RETRY,
} from "../../ir/route-class.ts";
import { emitBodyLimit } from "./connection-limits.ts";
import { emitCors } from "./cors.ts";
import { emitHashPolicy } from "./hash-policy.ts";
import { emitHeaders, type HeaderFields } from "./headers.ts";
import { emitMirrors } from "./mirrors.ts";
import { emitAction } from "./native-routes.ts";
import { type Extension, typed } from "./protobuf.ts";
import { type EnvoyRetryPolicy, emitHostChoice, emitRetryPolicy } from "./retry.ts";
import { emitRewrite } from "./rewrite.ts";
import {
  type EnvoyRoute,
  filterConfig,
  INTERNAL_ONLY_HEADERS,
  type Matcher,
  type RouteConfiguration,
  timeLimits,
} from "./route-configuration.ts";
import { emitRouteMatch } from "./route-match.ts";

const MAX_DIRECT_RESPONSE_BODY_BYTES = 1_048_576;

/** What each of a listener's classes tells the router, by the class's name. */
export function emitClasses({ routes }: Listener): ReadonlyMap<string, EnvoyRoute> {
  return new Map([...classesOf(routes)].map(([name, routeClass]) => [name, emitClass(name, routeClass)]));
}

/** The table of classes; `name` is what it is asked for by. */
export function emitClassRoutes(
  name: string,
  classes: ReadonlyMap<string, EnvoyRoute>,
  listener: Pick<Listener, "proxyHeaders" | "limits"> = {},
): RouteConfiguration {
  return {
    name,
    internal_only_headers: INTERNAL_ONLY_HEADERS,
    request_headers_to_remove: [CLUSTER_HEADER, CLASS_HEADER],
    // A mirror that nobody registered is no reason to refuse the table.
    validate_clusters: false,
    max_direct_response_body_size_bytes: MAX_DIRECT_RESPONSE_BODY_BYTES,
    virtual_hosts: [
      {
        name: "sluice",
        domains: ["*"],
        include_request_attempt_count: !listener.proxyHeaders?.withoutAttemptCount,
        ...emitBodyLimit(listener),
        matcher: emitMatcher(classes),
      },
    ],
  };
}

/** A table of classes with others in their place. */
export function withClasses(
  table: RouteConfiguration,
  classes: ReadonlyMap<string, EnvoyRoute>,
): RouteConfiguration {
  const matcher = emitMatcher(classes);
  return { ...table, virtual_hosts: table.virtual_hosts.map((host) => ({ ...host, matcher })) };
}

function emitMatcher(classes: ReadonlyMap<string, EnvoyRoute>): Matcher {
  return {
    matcher_tree: {
      input: {
        name: "class",
        typed_config: typed("envoy.type.matcher.v3.HttpRequestHeaderMatchInput", {
          header_name: CLASS_HEADER,
        }),
      },
      exact_match_map: {
        map: Object.fromEntries([...classes].map(([name, route]) => [name, { action: action(route) }])),
      },
    },
    on_no_match: {
      action: action({
        name: "default",
        match: {
          prefix: "",
          headers: [{ name: CLASS_HEADER, present_match: true, invert_match: true }],
        },
        ...forward({ retry: "default" }),
      }),
    },
  };
}

function action(route: EnvoyRoute): Extension<EnvoyRoute> {
  return { name: "route", typed_config: typed("envoy.config.route.v3.Route", route) };
}

function emitClass(name: string, routeClass: RouteClass): EnvoyRoute {
  return {
    name,
    match: emitClassMatch(routeClass),
    ...(routeClass.statPrefix !== undefined && { stat_prefix: routeClass.statPrefix }),
    ...(routeClass.answer ? emitAction(routeClass.answer.action) : forward(routeClass)),
    ...filterConfig(emitCors(routeClass.cors)),
    ...emitClassHeaders(routeClass.headers),
  };
}

/** Any path, unless something is put in place of what was matched; the filter may have rewritten it to anything. */
function emitClassMatch({ answer, rewrite }: RouteClass): EnvoyRoute["match"] {
  const path = answer?.path ?? rewrite?.match;
  // The slash that every path has is what is replaced where a rule names no path; an empty prefix would leave it.
  if (path === undefined) {
    return answer || rewrite?.path ? { prefix: "/" } : { prefix: "" };
  }
  return emitRouteMatch({ path, headers: [], queryParams: [] });
}

function forward({
  retry,
  mirrors,
  hash,
  destinationHeaders,
  rewrite,
}: RouteClass): Pick<EnvoyRoute, "route"> {
  return {
    route: {
      ...(destinationHeaders === undefined && rewrite?.destinationHost === undefined
        ? { cluster_header: CLUSTER_HEADER }
        : // The one destination that was drawn, so that its headers come before the route's.
          {
            weighted_clusters: {
              clusters: [
                {
                  cluster_header: CLUSTER_HEADER,
                  weight: 1,
                  ...(rewrite?.destinationHost !== undefined && {
                    host_rewrite_literal: rewrite.destinationHost,
                  }),
                  ...emitClassHeaders(destinationHeaders),
                },
              ],
            },
          }),
      // The filter writes a timeout as a header; without one there is none.
      ...timeLimits(0),
      retry_policy: retryPolicy(retry),
      ...emitMirrors(mirrors),
      ...emitHashPolicy(hash),
      ...emitRewrite(rewrite?.path, rewrite?.host, rewrite?.appendsForwardedHost),
    },
  };
}

/** Our own headers go before a variable could name them. */
function emitClassHeaders(headers: ClassHeaders | undefined): HeaderFields {
  if (headers?.request === undefined) {
    return emitHeaders(undefined, headers?.response);
  }
  const remove = [CLUSTER_HEADER, CLASS_HEADER, ...headers.request.remove];
  return emitHeaders({ ...headers.request, remove }, headers.response);
}

/** Else how often and on what comes from headers that the filter wrote; none of them, no retry. */
function retryPolicy(retry: RouteClass["retry"]): EnvoyRetryPolicy | undefined {
  switch (retry) {
    case "default":
      return emitRetryPolicy(DEFAULT_RETRY);
    case "sameHost":
      return emitRetryPolicy(SAME_HOST_RETRY);
    default:
      return emitHostChoice(retry);
  }
}
