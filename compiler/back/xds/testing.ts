/** Small inputs for the tests of this folder. */

import type { Cluster, Listener, Route } from "../../ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { logOf } from "../log-of.ts";
import type { EmitContext } from "./options.ts";
import type { ConfigSource, Places } from "./places.ts";

/** Everything has a place of its own. */
export const APART: Places = {
  listeners: testSource("all listeners"),
  clusters: testSource("all clusters"),
  sourceOf: (type, name) => testSource(`${type} ${name}`),
  module: { place: "module" },
  filtersInAdvance: false,
};

/** Nothing has, but for what has to. */
export const INLINE: Places = { ...APART, sourceOf: () => undefined };

/** Of no kind that Envoy knows: `place` is for a test to tell. */
export function testSource(place: string): ConfigSource & { readonly place: string } {
  return { place, resource_api_version: "V3" };
}

export function testOptions(more: Partial<EmitContext> = {}): EmitContext {
  return {
    ...DEFAULT_PROXY_OPTIONS,
    blobs: new Map([["mesh", Uint8Array.of(1, 2, 3)]]),
    places: APART,
    secrets: new Map(),
    normalization: "BASE",
    log: logOf({}, { ...DEFAULT_PROXY_OPTIONS, ...more }),
    detectionTimeoutMs: 5_000,
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
      retry: {
        attempts: 0,
        perTryTimeoutMs: 0,
        retryOn: [],
        retriableStatusCodes: [],
        avoidPreviousHosts: true,
        avoidPreviousPriorities: false,
      },
    },
    ...more,
  };
}

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
