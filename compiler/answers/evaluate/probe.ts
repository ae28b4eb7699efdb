/**
 * Asks the filter which route it took. A decision does not say that: two routes may lead to the same place. So there
 * is a second program with the very same matches, in which each route leads to a cluster with its number.
 */

import { encodeProgram } from "../../back/program/encode.ts";
import type { Route, RouteTable, VirtualHost } from "../../ir/ir.ts";

export interface RouteAt {
  readonly virtualHost: VirtualHost;
  readonly route: Route;
}

export function encodeProbe(table: RouteTable): Uint8Array {
  return encodeProgram({
    ...table,
    virtualHosts: table.virtualHosts.map((virtualHost, h) => ({
      ...virtualHost,
      routes: virtualHost.routes.map(({ match }, r) => ({
        name: "",
        match,
        action: {
          kind: "forward" as const,
          destinations: [{ cluster: `${h} ${r}`, weight: 1 }],
          timeoutMs: 0,
          retry: { attempts: 0, perTryTimeoutMs: 0, retryOn: [], retriableStatusCodes: [] },
        },
      })),
    })),
  });
}

/** What the probe's cluster stands for. */
export function routeAt(table: RouteTable, cluster: string | undefined): RouteAt | undefined {
  if (cluster === undefined) {
    return undefined;
  }
  const [h, r] = cluster.split(" ").map(Number);
  const virtualHost = table.virtualHosts[h!];
  const route = virtualHost?.routes[r!];
  return virtualHost && route && { virtualHost, route };
}
