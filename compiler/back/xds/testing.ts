/** Small inputs for the tests of this folder. */

import type { Cluster, Listener, Route } from "../../ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import type { ListenerPlan } from "./http-connection-manager.ts";
import type { EmitOptions } from "./options.ts";

export function testOptions(more: Partial<EmitOptions> = {}): EmitOptions {
  return {
    ...DEFAULT_PROXY_OPTIONS,
    blobs: new Map([["mesh", Uint8Array.of(1, 2, 3)]]),
    filterPath: "/build/filter.wasm",
    xdsDirectory: "/build/xds",
    ...more,
  };
}

export function testCluster(more: Partial<Cluster> = {}): Cluster {
  return {
    name: "outbound|80||a.example",
    discovery: { kind: "eds", endpoints: [] },
    protocol: "http1",
    connectTimeoutMs: 10_000,
    loadBalancer: { kind: "leastRequest" },
    limits: {},
    ...more,
  };
}

export function testRoute(more: Partial<Route> = {}): Route {
  return {
    name: "",
    match: { headers: [], queryParams: [] },
    action: {
      kind: "forward",
      destinations: [{ cluster: "outbound|80||a.example", weight: 1 }],
      timeoutMs: 0,
      retry: { attempts: 0, perTryTimeoutMs: 0, retryOn: [], retriableStatusCodes: [] },
    },
    ...more,
  };
}

/** Of a listener like most. */
export const PLAN: ListenerPlan = { ownFile: true, forwardProxy: false };

export function testListener(
  routes: readonly Route[] = [testRoute()],
  more: Partial<Listener> = {},
): Listener {
  return {
    name: "mesh",
    role: "mesh",
    address: "127.0.0.1",
    port: 15_001,
    routes: { ignorePortInHost: true, virtualHosts: [{ name: "a", domains: ["a.example"], routes }] },
    ...more,
  };
}
