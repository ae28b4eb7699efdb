/** A health check in words, as people read it in answers about rules. */

import type { HealthCheck } from "./health-check.ts";
import type { Endpoint } from "./ir.ts";

/** In words, for people: `GET reviews/healthz (200-299) every 5000 ms, …`. `endpoints`: those that are asked. */
export function healthCheckText(
  { asks, intervalMs, timeoutMs, unhealthyThreshold, healthyThreshold, panicPercent }: HealthCheck,
  endpoints: readonly Endpoint[],
): string {
  const ports = new Set(endpoints.flatMap(({ healthPort }) => healthPort ?? []));
  return [
    `${questionText(asks)}${ports.size === 0 ? "" : ` at port ${[...ports].join(", ")}`} every ${intervalMs} ms`,
    `timeout ${timeoutMs} ms`,
    `unhealthy after ${unhealthyThreshold}`,
    `healthy after ${healthyThreshold}`,
    ...(panicPercent === undefined ? [] : [`panic below ${panicPercent} %`]),
  ].join(", ");
}

function questionText(asks: HealthCheck["asks"]): string {
  switch (asks.protocol) {
    case "tcp":
      return "a TCP connection";
    case "grpc":
      return `gRPC health of ${asks.service ?? "the server"} (${asks.host})`;
    default: {
      const statuses = asks.statuses.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(",");
      const version = asks.protocol === "http2" ? " over HTTP/2" : "";
      return `GET ${asks.host}${asks.path}${version} (${statuses})`;
    }
  }
}
