import { expect, test } from "vitest";
import { testRoute } from "../../back/xds/testing.ts";
import type { Config, Fault, Forward, RetryPolicy, Route } from "../../ir/ir.ts";
import { drainTime } from "./drain-time.ts";

const withRoutes = (routes: readonly Route[]): Config => ({
  clusters: [],
  listeners: [
    {
      name: "mesh",
      role: "mesh",
      address: "127.0.0.1",
      port: 15001,
      routes: {
        ignorePortInHost: false,
        virtualHosts: [
          {
            name: "*",
            domains: ["*"],
            routes,
          },
        ],
      },
    },
  ],
});

const config = (...faults: Fault[]) =>
  withRoutes(
    faults.map((fault) => ({
      name: "",
      match: { headers: [], queryParams: [] },
      fault,
      action: { kind: "directResponse", status: 200, body: "" },
    })),
  );

const retrying = (timeoutMs: number, retry: Partial<RetryPolicy>, fault?: Fault) => {
  const forward = testRoute().action as Forward;
  const action = { ...forward, timeoutMs, retry: { ...forward.retry, ...retry } };
  return withRoutes([testRoute({ action, ...(fault && { fault }) })]);
};

test("without delays, a moment", () => {
  expect(drainTime(config())).toBe(2_000);
  expect(drainTime(config({ abort: { kind: "http", status: 500, perMillion: 1 } }))).toBe(2_000);
});

test("with delays, longer than the longest, within bounds", () => {
  const delay = (fixedMs: number): Fault => ({ delay: { fixedMs, perMillion: 1 } });
  expect(drainTime(config(delay(100), delay(7_000), {}))).toBe(9_000);
  expect(drainTime(config(delay(1e12)))).toBe(3_600_000);
});

test("with retries, until the last try begins", () => {
  expect(drainTime(retrying(0, { attempts: 0 }))).toBe(2_000);
  expect(drainTime(retrying(0, { attempts: 3, perTryTimeoutMs: 4_000 }))).toBe(2_000 + 3 * 4_250);
  expect(drainTime(retrying(0, { attempts: 2, perTryTimeoutMs: 1_000, backOffMs: 500 }))).toBe(14_000);
  // The whole request ends with its timeout, and each try too.
  expect(drainTime(retrying(5_000, { attempts: 9, perTryTimeoutMs: 4_000 }))).toBe(7_000);
  expect(drainTime(retrying(5_000, { attempts: 2 }))).toBe(7_000);
  // A try without a limit may fail whenever it likes.
  expect(drainTime(retrying(0, { attempts: 2 }))).toBe(32_000);
  expect(drainTime(retrying(3_000, { attempts: 1 }, { delay: { fixedMs: 1_000, perMillion: 1 } }))).toBe(
    6_000,
  );
});

test("with delays that stand before a cluster, those too", () => {
  const fault = { delay: { fixedMs: 4_000, perMillion: 1 } };
  const { retry } = testRoute().action as Forward;
  const upstreamFaults = [{ name: "fault|1|a", cluster: "a", fault, retry }];
  expect(drainTime({ ...config(), upstreamFaults })).toBe(6_000);
});
