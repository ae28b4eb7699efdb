/**
 * Headers by which Envoy is told of timeouts and retries, and by which it tells others: their names, once. Those that
 * the filter writes or drops by name are in `filter/layout.ts`.
 */

import { ORIGINAL_PATH_HEADER, TIMEOUT_HEADER } from "../../filter/layout.ts";

export const MAX_RETRIES_HEADER = "x-envoy-max-retries";
export const RETRY_ON_HEADER = "x-envoy-retry-on";
export const RETRY_GRPC_ON_HEADER = "x-envoy-retry-grpc-on";
export const RETRIABLE_STATUS_CODES_HEADER = "x-envoy-retriable-status-codes";
export const PER_TRY_TIMEOUT_HEADER = "x-envoy-upstream-rq-per-try-timeout-ms";

/** By which the filter steers Envoy's router; they stay there. */
export const ROUTER_HEADERS: ReadonlySet<string> = new Set([
  MAX_RETRIES_HEADER,
  RETRY_ON_HEADER,
  RETRY_GRPC_ON_HEADER,
  RETRIABLE_STATUS_CODES_HEADER,
  TIMEOUT_HEADER,
  PER_TRY_TIMEOUT_HEADER,
]);

/** What an upstream is told. */
export const ATTEMPT_COUNT_HEADER = "x-envoy-attempt-count";
export const EXPECTED_TIMEOUT_HEADER = "x-envoy-expected-rq-timeout-ms";
export const EXTERNAL_ADDRESS_HEADER = "x-envoy-external-address";
/** Limits the whole stream, whatever the route says. */
export const STREAM_DURATION_HEADER = "x-envoy-upstream-stream-duration-ms";

/** What Envoy takes from every client's request, before the first filter. */
export const DROPPED_HEADERS: ReadonlySet<string> = new Set([
  ...ROUTER_HEADERS,
  EXPECTED_TIMEOUT_HEADER,
  STREAM_DURATION_HEADER,
  "x-envoy-force-trace",
  "x-envoy-hedge-on-per-try-timeout",
  "x-envoy-internal",
  "x-envoy-ip-tags",
  "x-envoy-is-timeout-retry",
  "x-envoy-retriable-header-names",
  "x-envoy-upstream-alt-stat-name",
  "x-envoy-upstream-rq-timeout-alt-response",
]);

/** What it does not believe at an edge besides: in the mesh, proxies tell one another by these. */
export const EDGE_HEADERS: ReadonlySet<string> = new Set([
  EXTERNAL_ADDRESS_HEADER,
  ORIGINAL_PATH_HEADER,
  "x-envoy-decorator-operation",
  "x-envoy-downstream-service-cluster",
  "x-envoy-downstream-service-node",
]);
