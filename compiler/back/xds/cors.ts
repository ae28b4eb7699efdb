/** Envoy's CORS filter, configured for one route as istiod does it. */

import type { CorsPolicy } from "../../ir/ir.ts";
import { type Extension, type TypedConfig, typed } from "./protobuf.ts";
import { emitString, type StringMatcher } from "./route-match.ts";

const NAME = "envoy.filters.http.cors";

/** `envoy.extensions.filters.http.cors.v3.CorsPolicy` */
interface CorsConfig {
  readonly allow_origin_string_match: readonly StringMatcher[];
  readonly allow_methods?: string;
  readonly allow_headers?: string;
  readonly expose_headers?: string;
  readonly max_age?: string;
  readonly allow_credentials: boolean;
  readonly forward_not_matching_preflights: boolean;
}

/** The filter in the chain; it does nothing on routes without a policy. */
export const CORS: Extension = {
  name: NAME,
  typed_config: typed("envoy.extensions.filters.http.cors.v3.Cors", {}),
};

/** A route's entry of `typed_per_filter_config`. */
export function emitCors(policy: CorsPolicy | undefined): Readonly<Record<string, TypedConfig>> {
  return policy === undefined
    ? {}
    : { [NAME]: typed("envoy.extensions.filters.http.cors.v3.CorsPolicy", emitPolicy(policy)) };
}

function emitPolicy(policy: CorsPolicy): CorsConfig {
  return {
    allow_origin_string_match: policy.allowOrigins.map(emitString),
    ...(policy.allowMethods !== "" && { allow_methods: policy.allowMethods }),
    ...(policy.allowHeaders !== "" && { allow_headers: policy.allowHeaders }),
    ...(policy.exposeHeaders !== "" && { expose_headers: policy.exposeHeaders }),
    ...(policy.maxAgeSeconds !== undefined && { max_age: String(policy.maxAgeSeconds) }),
    allow_credentials: policy.allowCredentials,
    forward_not_matching_preflights: policy.forwardUnmatchedPreflights,
  };
}
