/** The predicates of a route, in Envoy's words. */

import type { HeaderMatch, PathMatch, QueryParamMatch, RouteMatch, StringMatch } from "../../ir/ir.ts";

/** `envoy.config.route.v3.RouteMatch` */
export interface EnvoyRouteMatch {
  readonly path?: string;
  readonly prefix?: string;
  readonly safe_regex?: RegexMatcher;
  readonly case_sensitive?: boolean;
  readonly headers?: readonly HeaderMatcher[];
  readonly query_parameters?: readonly QueryParameterMatcher[];
}

interface RegexMatcher {
  readonly regex: string;
}

/** `envoy.type.matcher.v3.StringMatcher` */
export type StringMatcher =
  | { readonly exact: string }
  | { readonly prefix: string }
  | { readonly safe_regex: RegexMatcher };

type ValueMatcher = { readonly string_match: StringMatcher } | { readonly present_match: true };

/** `envoy.config.route.v3.HeaderMatcher` */
export type HeaderMatcher = ValueMatcher & {
  readonly name: string;
  readonly invert_match?: boolean;
  readonly treat_missing_header_as_empty?: boolean;
};

/** `envoy.config.route.v3.QueryParameterMatcher` */
export type QueryParameterMatcher = ValueMatcher & { readonly name: string };

export function emitRouteMatch(match: RouteMatch): EnvoyRouteMatch {
  return {
    ...emitPath(match.path),
    ...(match.headers.length > 0 && { headers: match.headers.map(emitHeader) }),
    ...(match.queryParams.length > 0 && { query_parameters: match.queryParams.map(emitQueryParam) }),
  };
}

function emitPath(path: PathMatch | undefined): EnvoyRouteMatch {
  if (path === undefined) {
    return { prefix: "/" };
  }
  if (path.kind === "regex") {
    return { safe_regex: regex(path.value) };
  }
  return {
    ...(path.kind === "exact" ? { path: path.value } : { prefix: path.value }),
    ...(path.ignoreCase && { case_sensitive: false }),
  };
}

function emitHeader({ name, match, invert, missingAsEmpty }: HeaderMatch): HeaderMatcher {
  return {
    name,
    ...emitValue(match),
    ...(invert && { invert_match: true }),
    // Envoy refuses it together with a test for presence, where it would make the test always hold.
    ...(missingAsEmpty && match.kind !== "present" && { treat_missing_header_as_empty: true }),
  };
}

function emitQueryParam({ name, match }: QueryParamMatch): QueryParameterMatcher {
  return { name, ...emitValue(match) };
}

function emitValue(match: HeaderMatch["match"]): ValueMatcher {
  return match.kind === "present" ? { present_match: true } : { string_match: emitString(match) };
}

export function emitString(match: StringMatch): StringMatcher {
  switch (match.kind) {
    case "exact":
      return { exact: match.value };
    case "prefix":
      // Envoy refuses an empty prefix here, though not in a path.
      return match.value === "" ? { safe_regex: regex(".*") } : { prefix: match.value };
    case "regex":
      return { safe_regex: regex(match.value) };
  }
}

function regex(pattern: string): RegexMatcher {
  // Envoy refuses an empty pattern, which matches the empty string.
  return { regex: pattern === "" ? "(?:)" : pattern };
}
