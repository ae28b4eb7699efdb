/** The predicates of a route, in Envoy's words. */

import { CLAIMS_FIELD, TOKEN_FILTER } from "../../../filter/layout.ts";
import type {
  HeaderMatch,
  PathMatch,
  QueryParamMatch,
  RouteMatch,
  StringMatch,
  ValueMatch,
} from "../../ir/ir.ts";

/** `envoy.config.route.v3.RouteMatch` */
export interface EnvoyRouteMatch {
  readonly path?: string;
  readonly prefix?: string;
  readonly safe_regex?: RegexMatcher;
  readonly case_sensitive?: boolean;
  readonly headers?: readonly HeaderMatcher[];
  readonly query_parameters?: readonly QueryParameterMatcher[];
  readonly dynamic_metadata?: readonly MetadataMatcher[];
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

/** `envoy.type.matcher.v3.MetadataMatcher` */
interface MetadataMatcher {
  readonly filter: string;
  readonly path: readonly { readonly key: string }[];
  readonly value: { readonly or_match: { readonly value_matchers: readonly object[] } };
  readonly invert?: boolean;
}

/** `envoy.config.route.v3.QueryParameterMatcher` */
export type QueryParameterMatcher = ValueMatcher & { readonly name: string };

export function emitRouteMatch(match: RouteMatch): EnvoyRouteMatch {
  const headers = match.headers.filter(({ claim }) => claim === undefined);
  // As istiod writes them: those that must not hold stand last.
  const claims = [false, true].flatMap((inverted) =>
    match.headers.flatMap(({ claim, invert, match: value }) =>
      claim && invert === inverted ? emitClaim({ claim, invert, match: value }) : [],
    ),
  );
  return {
    ...emitPath(match.path),
    ...(headers.length > 0 && { headers: headers.map(emitHeader) }),
    ...(match.queryParams.length > 0 && { query_parameters: match.queryParams.map(emitQueryParam) }),
    ...(claims.length > 0 && { dynamic_metadata: claims }),
  };
}

/** A text, or a list with such a text. */
function emitClaim({
  claim,
  match,
  invert,
}: Pick<HeaderMatch, "match" | "invert"> & Required<Pick<HeaderMatch, "claim">>): MetadataMatcher {
  const value = {
    string_match: isAnyText(match) ? { safe_regex: regex("(?s).*") } : emitString(match),
  };
  return {
    filter: TOKEN_FILTER,
    path: [CLAIMS_FIELD, ...claim].map((key) => ({ key })),
    value: { or_match: { value_matchers: [{ list_match: { one_of: value } }, value] } },
    ...(invert && { invert: true }),
  };
}

function isAnyText(match: ValueMatch): match is Exclude<ValueMatch, { readonly kind: "exact" | "regex" }> {
  return match.kind === "present" || (match.kind === "prefix" && match.value === "");
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
