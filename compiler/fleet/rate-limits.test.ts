import { expect, test } from "vitest";
import { route, table } from "../back/program/rules.fixture.ts";
import type { Config } from "../ir/ir.ts";
import type { RateLimit } from "../ir/rate-limit.ts";
import { fleetRateLimits } from "./rate-limits.ts";

const limit = (bucket: string, more: Partial<RateLimit> = {}): RateLimit => ({
  bucket,
  requests: 10,
  periodMs: 1000,
  burst: 20,
  ...more,
});

const config = (...listeners: readonly (readonly RateLimit[])[]): Config => ({
  listeners: listeners.map((limits, i) => ({
    name: `l${i}`,
    role: "gateway",
    address: "127.0.0.1",
    port: i,
    routes: table({ "*": limits.map((rateLimit) => route(undefined, "a", { rateLimit })) }),
  })),
  clusters: [],
});

test("what each proxy lets through is let through by all of them", () => {
  const [a, b] = [limit("shop/a"), limit("shop/b#1", { by: { kind: "clientAddress" } })];
  const edge = config([a, a, b]);
  expect(fleetRateLimits([edge, edge, config([a]), config([])])).toEqual([
    { of: "shop/a", limit: "10/s burst 20", proxies: 3, atMost: "30/s burst 60" },
    {
      of: "shop/b#1",
      limit: "10/s burst 20 by client-address",
      proxies: 2,
      atMost: "20/s burst 40 by client-address",
    },
  ]);
});

test("each listener of a proxy has a bucket of its own, and while a limit changes both are there", () => {
  expect(fleetRateLimits([config([limit("a")], [limit("a")]), config([limit("a", { burst: 1 })])])).toEqual([
    { of: "a", limit: "10/s burst 20", proxies: 1, atMost: "20/s burst 40" },
    { of: "a", limit: "10/s burst 1", proxies: 1, atMost: "10/s burst 1" },
  ]);
});
