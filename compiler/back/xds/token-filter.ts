/**
 * Envoy's `jwt_authn` filter: it refuses requests whose token is not good, takes the token out, and keeps its claims as metadata.
 * It stands before whatever decides. Source: istiod's `convertToEnvoyJwtConfig`
 * (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter).
 */

import { CLAIMS_FIELD, TOKEN_FILTER } from "../../../filter/layout.ts";
import type { Authentication, TokenKeys, TokenProvider } from "../../ir/authentication.ts";
import { dropHeaders } from "./dropped-headers.ts";
import { duration, type Extension, typed } from "./protobuf.ts";

/** `JwtRequirement` of `envoy.extensions.filters.http.jwt_authn.v3`. */
type Requirement =
  | { readonly provider_name: string }
  | { readonly allow_missing: object }
  | { readonly requires_any: { readonly requirements: readonly Requirement[] } }
  | { readonly requires_all: { readonly requirements: readonly Requirement[] } };

/** As long as istiod has Envoy keep keys that it fetches itself. */
const KEYS_LIVE_MS = 300_000;

/** None where nobody is asked for anything. */
export function tokenFilters(authentication: Authentication | undefined): Extension[] {
  if (authentication === undefined) {
    return [];
  }
  const names = authentication.providers.map((_, i) => `origins-${i}`);
  return [
    {
      name: TOKEN_FILTER,
      typed_config: typed("envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication", {
        providers: Object.fromEntries(
          authentication.providers.map((provider, i) => [names[i]!, emitProvider(provider)]),
        ),
        rules: [{ match: { prefix: "/" }, requires: requirementOf(names) }],
        bypass_cors_preflight: true,
      }),
    },
  ];
}

/**
 * The headers that upstreams are told of a token by. The filter drops what a client says there only where it looks at the
 * token of the same provider, and after a route was chosen by it.
 */
export function tokenHeaders(authentication: Authentication | undefined): Extension[] {
  const names = new Set(
    authentication?.providers.flatMap(({ payloadHeader, claimHeaders }) => [
      ...(payloadHeader === undefined ? [] : [payloadHeader]),
      ...claimHeaders.map(({ name }) => name),
    ]),
  );
  return names.size === 0 ? [] : [dropHeaders([...names])];
}

/**
 * No token at all, or one that is good. Of several providers one is enough that takes the token, wherever it is: where
 * they look at the same place, the others refuse it.
 */
function requirementOf(names: readonly string[]): Requirement {
  const orMissing = names.map(
    (name): Requirement => ({
      requires_any: { requirements: [{ provider_name: name }, { allow_missing: {} }] },
    }),
  );
  if (orMissing.length === 1) {
    return orMissing[0]!;
  }
  return {
    requires_any: {
      requirements: [
        ...names.map((name): Requirement => ({ provider_name: name })),
        { requires_all: { requirements: orMissing } },
      ],
    },
  };
}

function emitProvider(provider: TokenProvider): object {
  const { issuer, audiences, keys, headers, parameters, cookies, forwards, payloadHeader, claimHeaders } =
    provider;
  return {
    ...(issuer !== undefined && { issuer }),
    ...(audiences.length > 0 && { audiences }),
    ...emitKeys(keys),
    ...(headers.length > 0 && {
      from_headers: headers.map(({ name, prefix }) => ({ name, ...(prefix && { value_prefix: prefix }) })),
    }),
    ...(parameters.length > 0 && { from_params: parameters }),
    ...(cookies.length > 0 && { from_cookies: cookies }),
    ...(forwards && { forward: true }),
    ...(payloadHeader !== undefined && { forward_payload_header: payloadHeader }),
    ...(claimHeaders.length > 0 && {
      claim_to_headers: claimHeaders.map(({ name, claim }) => ({ header_name: name, claim_name: claim })),
    }),
    payload_in_metadata: CLAIMS_FIELD,
    normalize_payload_in_metadata: { space_delimited_claims: provider.spaceDelimitedClaims },
    // Rules are asked again when the claims are known.
    clear_route_cache: true,
  };
}

function emitKeys(keys: TokenKeys): object {
  if (keys.kind === "inline") {
    return { local_jwks: { inline_string: keys.jwks } };
  }
  const { uri, cluster, timeoutMs } = keys;
  return {
    remote_jwks: {
      http_uri: { uri, cluster, timeout: duration(timeoutMs) },
      cache_duration: duration(KEYS_LIVE_MS),
      // Fetched before the first request, and again before they are too old; a listener does not wait for them.
      async_fetch: { fast_listener: true },
    },
  };
}
