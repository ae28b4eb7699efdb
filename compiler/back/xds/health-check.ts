/**
 * Active health checks of a cluster's endpoints.
 *
 * A cluster is warm when each of its endpoints has been checked once, so a change of rules waits for the slowest first check, at
 * most for the timeout of one. Nothing here may make it wait longer.
 */

import type { HealthCheck } from "../../ir/health-check.ts";
import type { ClientTls, Cluster } from "../../ir/ir.ts";
import type { EmitContext } from "./options.ts";
import { duration, type Extension } from "./protobuf.ts";
import { withProxyProtocol } from "./proxy-protocol.ts";
import { emitClientTls } from "./tls.ts";

/** `envoy.type.v3.Int64Range`: the end is not in it. */
interface Int64Range {
  readonly start: number;
  readonly end: number;
}

/** `envoy.config.core.v3.HealthCheck` */
export interface EnvoyHealthCheck {
  readonly timeout: string;
  readonly interval: string;
  readonly interval_jitter_percent: number;
  readonly no_traffic_interval: string;
  readonly unhealthy_threshold: number;
  readonly healthy_threshold: number;
  readonly http_health_check?: {
    readonly host: string;
    readonly path: string;
    readonly codec_client_type: "HTTP1" | "HTTP2";
    readonly expected_statuses: readonly Int64Range[];
    readonly retriable_statuses: readonly Int64Range[];
  };
  readonly grpc_health_check?: { readonly service_name?: string; readonly authority: string };
  readonly tcp_health_check?: object;
  readonly tls_options?: { readonly alpn_protocols: readonly string[] };
  readonly transport_socket_match_criteria?: typeof CHECKS;
}

/** The fields of `envoy.config.cluster.v3.Cluster` that are about it. */
export interface HealthCheckFields {
  readonly health_checks?: readonly [EnvoyHealthCheck];
  readonly ignore_health_on_host_removal?: true;
  readonly transport_socket_matches?: readonly {
    readonly name: string;
    readonly match: typeof CHECKS;
    readonly transport_socket: Extension;
  }[];
}

/** All proxies of a fleet begin with a change at once: by and by, their checks come apart. */
const JITTER_PERCENT = 10;

/** No failure is for good but by the threshold: without this, a status ends an endpoint at once. */
const ANY_STATUS: readonly Int64Range[] = [{ start: 100, end: 600 }];

/** By what the connections of checks are told from those of requests. */
const CHECKS = { "sluice.health-check": true };

export function emitHealthCheck(
  { healthCheck, tls, proxyProtocol }: Pick<Cluster, "healthCheck" | "tls" | "proxyProtocol">,
  context: EmitContext,
): HealthCheckFields {
  if (healthCheck === undefined) {
    return {};
  }
  const own = tls && tlsOfChecks(healthCheck, tls);
  const socket = own && withProxyProtocol(proxyProtocol, emitClientTls(own, context));
  return {
    health_checks: [
      {
        timeout: duration(healthCheck.timeoutMs),
        interval: duration(healthCheck.intervalMs),
        interval_jitter_percent: JITTER_PERCENT,
        // Else a cluster that nobody has used yet is asked once a minute, and its first request may meet a dead endpoint.
        no_traffic_interval: duration(healthCheck.intervalMs),
        unhealthy_threshold: healthCheck.unhealthyThreshold,
        healthy_threshold: healthCheck.healthyThreshold,
        ...emitQuestion(healthCheck.asks),
        ...(tls && tls.applicationProtocols === undefined && emitAlpn(healthCheck.asks)),
        ...(socket && { transport_socket_match_criteria: CHECKS }),
      },
    ],
    // Else an endpoint that discovery takes away stays for as long as it answers.
    ignore_health_on_host_removal: true,
    ...(socket && {
      transport_socket_matches: [{ name: "health-check", match: CHECKS, transport_socket: socket }],
    }),
  };
}

/** How the cluster's load balancer hears of it. */
export function emitNewsOfChecks({ intervalMs }: HealthCheck): {
  readonly ignore_new_hosts_until_first_hc: true;
  readonly update_merge_window?: string;
} {
  return {
    // An endpoint that is new neither counts as failed nor gets requests.
    ignore_new_hosts_until_first_hc: true,
    // What changes soon after another change is told at the end of a window: who checks more often wants to know sooner.
    ...(intervalMs < MERGE_WINDOW_MS && { update_merge_window: duration(intervalMs) }),
  };
}

/** Envoy's. */
const MERGE_WINDOW_MS = 1_000;

function emitQuestion(
  asks: HealthCheck["asks"],
): Pick<EnvoyHealthCheck, "http_health_check" | "grpc_health_check" | "tcp_health_check"> {
  switch (asks.protocol) {
    case "tcp":
      return { tcp_health_check: {} };
    case "grpc":
      return {
        grpc_health_check: {
          ...(asks.service !== undefined && { service_name: asks.service }),
          authority: asks.host,
        },
      };
    default:
      return {
        http_health_check: {
          host: asks.host,
          path: asks.path,
          codec_client_type: asks.protocol === "http2" ? "HTTP2" : "HTTP1",
          expected_statuses: asks.statuses.map(([from, to]) => ({ start: from, end: to + 1 })),
          retriable_statuses: ANY_STATUS,
        },
      };
  }
}

/** The pools of requests propose what they speak; a check is in no pool. What the cluster itself proposes, it proposes to both. */
function emitAlpn({ protocol }: HealthCheck["asks"]): Pick<EnvoyHealthCheck, "tls_options"> {
  return protocol === "tcp"
    ? {}
    : { tls_options: { alpn_protocols: [protocol === "http1" ? "http/1.1" : "h2"] } };
}

/**
 * Where the server's name is that of each request's host, a check has to be told its own; `undefined`: what requests have will
 * do. A check by TCP has no host.
 */
function tlsOfChecks({ asks }: HealthCheck, tls: ClientTls): ClientTls | undefined {
  if (tls.sni !== undefined || asks.protocol === "tcp") {
    return undefined;
  }
  const name = asks.host.replace(/:[0-9]+$/, "");
  return { ...tls, sni: name, ...(tls.verifiesHost && { subjectAltNames: [name] }) };
}
