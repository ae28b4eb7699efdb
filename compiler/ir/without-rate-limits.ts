/** Rules as they are for whoever asks what becomes of single requests, and not of how many. */

import type { Config } from "./ir.ts";

/** The same without limits on the rate of requests. */
export function withoutRateLimits(config: Config): Config {
  return {
    ...config,
    listeners: config.listeners.map((listener) => ({
      ...listener,
      routes: {
        ...listener.routes,
        virtualHosts: listener.routes.virtualHosts.map((host) => ({
          ...host,
          routes: host.routes.map(({ rateLimit: _, ...route }) => route),
        })),
      },
    })),
  };
}
