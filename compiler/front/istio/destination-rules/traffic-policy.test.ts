import { expect, test } from "vitest";
import { effectivePolicy } from "./traffic-policy.ts";

const ROUND_ROBIN = { simple: "ROUND_ROBIN" } as const;
const RANDOM = { simple: "RANDOM" } as const;
const POOL = { tcp: { maxConnections: 1 } };
const OUTLIERS = { consecutive5xxErrors: 1 };

test("settings of a port replace those of the host as a whole", () => {
  const policy = {
    loadBalancer: ROUND_ROBIN,
    connectionPool: POOL,
    portLevelSettings: [{ port: { number: 80 }, loadBalancer: RANDOM }],
  };
  expect(effectivePolicy(policy, undefined, 80)).toEqual({ loadBalancer: RANDOM });
  expect(effectivePolicy(policy, undefined, 81)).toEqual({ loadBalancer: ROUND_ROBIN, connectionPool: POOL });
  expect(effectivePolicy(undefined, undefined, 80)).toEqual({});
});

test("a subset replaces block by block", () => {
  const host = { loadBalancer: ROUND_ROBIN, connectionPool: POOL };
  expect(effectivePolicy(host, { loadBalancer: RANDOM, outlierDetection: OUTLIERS }, 80)).toEqual({
    loadBalancer: RANDOM,
    connectionPool: POOL,
    outlierDetection: OUTLIERS,
  });
});

test("settings of a port in a subset replace everything", () => {
  const host = { loadBalancer: ROUND_ROBIN, connectionPool: POOL };
  const subset = {
    outlierDetection: OUTLIERS,
    portLevelSettings: [{ port: { number: 80 }, loadBalancer: RANDOM }],
  };
  expect(effectivePolicy(host, subset, 80)).toEqual({ loadBalancer: RANDOM });
  expect(effectivePolicy(host, subset, 81)).toEqual({ ...host, outlierDetection: OUTLIERS });
});

test("a subset goes by the host's settings of the port", () => {
  const host = {
    connectionPool: POOL,
    portLevelSettings: [{ port: { number: 80 }, loadBalancer: RANDOM }],
  };
  expect(effectivePolicy(host, { outlierDetection: OUTLIERS }, 80)).toEqual({
    loadBalancer: RANDOM,
    outlierDetection: OUTLIERS,
  });
});

test("what no port can have goes with the host, unless the port has settings, or the subset has its own", () => {
  const retryBudget = { percent: 1 };
  const host = { retryBudget, proxyProtocol: { version: "V1" } } as const;
  const ofPort = { portLevelSettings: [{ port: { number: 80 }, loadBalancer: RANDOM }] };
  expect(effectivePolicy(host, undefined, 80)).toEqual(host);
  expect(effectivePolicy({ ...host, ...ofPort }, undefined, 80)).toEqual({ loadBalancer: RANDOM });
  expect(effectivePolicy(host, ofPort, 80)).toEqual({ ...host, loadBalancer: RANDOM });
  expect(effectivePolicy(host, { proxyProtocol: { version: "V2" } }, 80)).toEqual({
    retryBudget,
    proxyProtocol: { version: "V2" },
  });
});
