/** `consistentHash` of the DestinationRules that a route leads to: in Envoy the route says what to hash. */

import type { Forward, HashKey, RetryPolicy } from "../../../ir/ir.ts";
import type { ConsistentHash, Destination, HttpRoute } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";
import { resolveHost } from "../../services/host-names.ts";
import type { Service } from "../../services/service.ts";
import type { LoweringContext } from "../context/lowering-context.ts";

/** What of a route says that. */
export type RouteHash = Pick<Forward, "hash">;

/** Of every destination that can be drawn: Envoy has one list for all of a route. */
export function lowerHash(
  { route = [] }: HttpRoute,
  namespace: string,
  lowering: LoweringContext,
): RouteHash {
  const used = route.length === 1 ? route : route.filter(({ weight }) => weight);
  return hashOf(used.flatMap(({ destination }) => consistentHash(destination, namespace, lowering) ?? []));
}

/** The same for a service that no rule speaks of. */
export function serviceHash(
  service: Service,
  port: number,
  { destinationRules }: LoweringContext,
): RouteHash {
  const found = destinationRules.hashOf(service, "", port);
  return hashOf(found === undefined ? [] : [found]);
}

/**
 * A retry of a request with a hash goes where the hash says, to the same endpoint, unless the rule asks for another.
 * Istiod's choice, for routes with one destination.
 */
export function hashedRetry(
  retry: RetryPolicy,
  { route = [], retries }: HttpRoute,
  namespace: string,
  lowering: LoweringContext,
): RetryPolicy {
  const only = route.length === 1 ? route[0] : undefined;
  const hashed = only !== undefined && consistentHash(only.destination, namespace, lowering) !== undefined;
  return hashed && retry.attempts > 0 && retries?.retryIgnorePreviousHosts === undefined
    ? { ...retry, avoidPreviousHosts: false }
    : retry;
}

function consistentHash(
  { host, port, subset }: Destination,
  namespace: string,
  { registry, destinationRules, options }: LoweringContext,
): ConsistentHash | undefined {
  const named = registry.get(resolveHost(host, namespace, options.domainSuffix));
  return named && destinationRules.hashOf(registry.aliasTarget(named) ?? named, subset ?? "", port?.number);
}

function hashOf(settings: readonly ConsistentHash[]): RouteHash {
  const hash = settings.flatMap(lowerKey);
  return hash.length === 0 ? {} : { hash };
}

function lowerKey({
  httpHeaderName,
  httpCookie,
  useSourceIp,
  httpQueryParameterName,
}: ConsistentHash): HashKey[] {
  if (httpHeaderName) {
    return [{ kind: "header", name: httpHeaderName.toLowerCase() }];
  }
  if (httpCookie?.name) {
    const ttlMs = durationMs(httpCookie.ttl);
    return [
      {
        kind: "cookie",
        name: httpCookie.name,
        ...(ttlMs !== undefined && { ttlMs }),
        ...(httpCookie.path && { path: httpCookie.path }),
        ...(httpCookie.attributes?.length && {
          attributes: httpCookie.attributes.map(({ name = "", value = "" }) => ({ name, value })),
        }),
      },
    ];
  }
  if (httpQueryParameterName) {
    return [{ kind: "queryParam", name: httpQueryParameterName }];
  }
  return useSourceIp === true ? [{ kind: "sourceIp" }] : [];
}
