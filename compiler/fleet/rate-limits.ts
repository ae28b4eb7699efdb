/**
 * What limits on the rate of requests come to in a fleet. Each proxy counts by itself, at each of its listeners, so together they let
 * through as many times a limit as there are of them.
 */

import type { Config } from "../ir/ir.ts";
import { describeRateLimit, type RateLimit } from "../ir/rate-limit.ts";
import type { RateLimitReport } from "./model/report.ts";

/** `told`: what each proxy that is there obeys, as far as it is known. */
export function fleetRateLimits(told: Iterable<Config>): RateLimitReport[] {
  const proxies = new Map<Config, number>();
  for (const config of told) {
    proxies.set(config, (proxies.get(config) ?? 0) + 1);
  }
  const sums = new Map<string, { limit: RateLimit; proxies: number; buckets: number }>();
  for (const [config, count] of proxies) {
    for (const [key, { limit, listeners }] of limitsOf(config)) {
      const sum = sums.get(key) ?? { limit, proxies: 0, buckets: 0 };
      sums.set(key, sum);
      sum.proxies += count;
      sum.buckets += count * listeners;
    }
  }
  return [...sums.values()].map(({ limit, proxies: count, buckets }) => ({
    of: limit.bucket,
    limit: describeRateLimit(limit),
    proxies: count,
    atMost: describeRateLimit({
      ...limit,
      requests: limit.requests * buckets,
      burst: limit.burst * buckets,
    }),
  }));
}

type Limits = ReadonlyMap<string, { readonly limit: RateLimit; readonly listeners: number }>;

/** Rules are asked again and again, and stay the same for long. */
const known = new WeakMap<Config, Limits>();

/** Each limit, and at how many listeners it has a bucket. */
function limitsOf(config: Config): Limits {
  let limits = known.get(config);
  if (limits === undefined) {
    const found = new Map<string, { limit: RateLimit; listeners: number }>();
    for (const { routes } of config.listeners) {
      const all = routes.virtualHosts.flatMap((host) =>
        host.routes.flatMap(({ rateLimit }) => rateLimit ?? []),
      );
      for (const [key, limit] of new Map(
        all.map((one) => [`${one.bucket} ${describeRateLimit(one)}`, one]),
      )) {
        found.set(key, { limit, listeners: (found.get(key)?.listeners ?? 0) + 1 });
      }
    }
    limits = found;
    known.set(config, limits);
  }
  return limits;
}
