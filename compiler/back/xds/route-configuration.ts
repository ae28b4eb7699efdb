/** Envoy's route messages, as far as either target writes them, and what both give every table. */

import { CLASS_HEADER, CLUSTER_HEADER } from "../../../filter/layout.ts";
import { STREAM_DURATION_HEADER } from "../envoy-headers.ts";
import type { BodyLimit } from "./connection-limits.ts";
import type { HashPolicy } from "./hash-policy.ts";
import type { HeaderFields } from "./headers.ts";
import type { RequestMirrorPolicy } from "./mirrors.ts";
import { duration, type Extension, type TypedConfig } from "./protobuf.ts";
import type { RedirectAction, RegexRewrite } from "./redirect.ts";
import type { EnvoyRetryPolicy } from "./retry.ts";
import type { EnvoyRouteMatch } from "./route-match.ts";

/** `envoy.config.route.v3.RouteConfiguration` */
export interface RouteConfiguration {
  readonly name: string;
  readonly virtual_hosts: readonly EnvoyVirtualHost[];
  readonly internal_only_headers: readonly string[];
  readonly request_headers_to_remove?: readonly string[];
  readonly ignore_port_in_host_matching?: boolean;
  readonly validate_clusters?: boolean;
  readonly max_direct_response_body_size_bytes?: number;
  readonly typed_per_filter_config?: FilterConfigs;
}

/** What filters of the chain are told, by their names. */
type FilterConfigs = Readonly<Record<string, TypedConfig>>;

/** `envoy.config.route.v3.VirtualHost` */
export interface EnvoyVirtualHost extends BodyLimit {
  readonly name: string;
  readonly domains: readonly string[];
  readonly include_request_attempt_count: boolean;
  readonly routes?: readonly EnvoyRoute[];
  readonly require_tls?: "ALL";
  readonly typed_per_filter_config?: FilterConfigs;
  /** In place of `routes`. */
  readonly matcher?: Matcher;
}

/** `xds.type.matcher.v3.Matcher`: looks a text up in a map. */
export interface Matcher {
  readonly matcher_tree: {
    readonly input: Extension;
    readonly exact_match_map: {
      readonly map: Readonly<Record<string, { readonly action: Extension<EnvoyRoute> }>>;
    };
  };
  readonly on_no_match: { readonly action: Extension<EnvoyRoute> };
}

/** `envoy.config.route.v3.Route` */
export interface EnvoyRoute extends HeaderFields {
  readonly name?: string;
  readonly metadata?: { readonly filter_metadata: Readonly<Record<string, object>> };
  readonly match: EnvoyRouteMatch;
  readonly stat_prefix?: string;
  readonly route?: RouteAction;
  readonly redirect?: RedirectAction;
  readonly direct_response?: {
    readonly status: number;
    readonly body?: { readonly inline_string: string } | { readonly inline_bytes: string };
  };
  readonly typed_per_filter_config?: FilterConfigs;
}

/** `envoy.config.route.v3.WeightedCluster.ClusterWeight` */
export interface WeightedCluster extends HeaderFields {
  readonly name?: string;
  readonly cluster_header?: string;
  readonly weight: number;
  readonly host_rewrite_literal?: string;
}

/** `envoy.config.route.v3.RouteAction` */
export interface RouteAction {
  readonly cluster?: string;
  readonly cluster_header?: string;
  readonly weighted_clusters?: {
    readonly clusters: readonly WeightedCluster[];
  };
  readonly prefix_rewrite?: string;
  readonly regex_rewrite?: RegexRewrite;
  readonly host_rewrite_literal?: string;
  readonly append_x_forwarded_host?: true;
  readonly timeout: string;
  readonly max_grpc_timeout?: string;
  readonly retry_policy?: EnvoyRetryPolicy | undefined;
  readonly request_mirror_policies?: readonly RequestMirrorPolicy[];
  readonly hash_policy?: readonly HashPolicy[];
}

/** What a route, host or table tells the filters of the chain, left out when it tells none of them anything. */
export function filterConfig(config: FilterConfigs): { readonly typed_per_filter_config?: FilterConfigs } {
  return Object.keys(config).length === 0 ? {} : { typed_per_filter_config: config };
}

/**
 * What a client must not send: Envoy drops these before the first filter, in addition to the `x-envoy-*`
 * headers it knows to be internal.
 */
export const INTERNAL_ONLY_HEADERS: readonly string[] = [
  CLUSTER_HEADER,
  CLASS_HEADER,
  STREAM_DURATION_HEADER,
];

/**
 * The parts of a route action that bound its time; 0 is no bound. A gRPC client's own deadline (`grpc-timeout`) ends a
 * request before that, and the upstream is told of what is left. Envoy calls `max_grpc_timeout` deprecated, and istiod
 * writes it all the same: what is to take its place ends requests in another way, and turns `timeout` off.
 */
export function timeLimits(timeoutMs: number): Pick<RouteAction, "timeout" | "max_grpc_timeout"> {
  const timeout = duration(timeoutMs);
  return { timeout, max_grpc_timeout: timeout };
}
