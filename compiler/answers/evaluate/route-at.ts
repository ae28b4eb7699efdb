/** Routes by the numbers that the filter has for them: their places among all routes of a listener. */

import type { Route, RouteTable, VirtualHost } from "../../ir/ir.ts";

export interface RouteAt {
  readonly virtualHost: VirtualHost;
  readonly route: Route;
}

export function routesInOrder({ virtualHosts }: RouteTable): RouteAt[] {
  return virtualHosts.flatMap((virtualHost) => virtualHost.routes.map((route) => ({ virtualHost, route })));
}
