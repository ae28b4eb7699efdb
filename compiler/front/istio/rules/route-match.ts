/** `http[].match[]`: the part of it that needs the request. */

import { claimName } from "../../../ir/authentication.ts";
import type { HeaderMatch, PathMatch, QueryParamMatch, RouteMatch } from "../../../ir/ir.ts";
import { compareStrings } from "../../../ir/text.ts";
import { claimPathOf } from "../../resources/claim-names.ts";
import type { HttpMatchRequest, StringMatch } from "../../resources/model.ts";
import { lowerStringMatch, lowerValueMatch } from "./string-match.ts";

/** By what they were made of: the same rule is lowered for each of its places, and again after each change of others. */
const lowered = new WeakMap<HttpMatchRequest, RouteMatch>();

export function lowerRouteMatch(match: HttpMatchRequest | undefined): RouteMatch {
  if (match === undefined) {
    return { headers: [], queryParams: [] };
  }
  const known = lowered.get(match) ?? lowerMatch(match);
  lowered.set(match, known);
  return known;
}

function lowerMatch(match: HttpMatchRequest): RouteMatch {
  const path = lowerPath(match);
  return {
    ...(path && { path }),
    headers: lowerHeaders(match),
    queryParams: lowerQueryParams(match.queryParams),
  };
}

function lowerPath({ uri, ignoreUriCase }: HttpMatchRequest): PathMatch | undefined {
  const match = uri && lowerStringMatch(uri);
  return match && { ...match, ignoreCase: ignoreUriCase === true && match.kind !== "regex" };
}

/** Headers by name, as istiod orders them for the same reason: equal rules give equal routes. */
function lowerHeaders({
  headers,
  withoutHeaders,
  method,
  authority,
  scheme,
}: HttpMatchRequest): HeaderMatch[] {
  const wanted = Object.entries(headers ?? {}).map(([name, match]) => headerMatch(name, match, false));
  const unwanted = Object.entries(withoutHeaders ?? {}).map(([name, match]) =>
    headerMatch(name, match, true),
  );
  return [
    ...[...wanted, ...unwanted].sort((a, b) => compareStrings(a.name, b.name)),
    ...pseudoHeader(":method", method),
    ...pseudoHeader(":authority", authority),
    ...pseudoHeader(":scheme", scheme),
  ];
}

function headerMatch(name: string, match: StringMatch, invert: boolean): HeaderMatch {
  const lowered = lowerValueMatch(match);
  const claim = claimPathOf(name);
  if (claim !== undefined) {
    return { name: claimName(claim), claim, match: lowered, invert, missingAsEmpty: false };
  }
  const lower = name.toLowerCase();
  return {
    // Envoy keeps `Host` under the name that HTTP/2 has for it.
    name: lower === "host" ? ":authority" : lower,
    match: lowered,
    invert,
    // Without this, Envoy takes a missing header for "no match" even where the match is inverted.
    missingAsEmpty: invert && lowered.kind !== "present",
  };
}

function pseudoHeader(name: string, match: StringMatch | undefined): HeaderMatch[] {
  return match === undefined ? [] : [headerMatch(name, match, false)];
}

function lowerQueryParams(params: HttpMatchRequest["queryParams"]): QueryParamMatch[] {
  return Object.entries(params ?? {})
    .map(([name, match]) => ({ name, match: lowerValueMatch(match) }))
    .sort((a, b) => compareStrings(a.name, b.name));
}

/** Takes every request of its virtual host: istiod's test, by the look of the match and nothing deeper. */
export function isCatchAll({ path, headers, queryParams }: RouteMatch): boolean {
  const everyPath =
    path === undefined ||
    (path.kind === "prefix" && path.value === "/") ||
    (path.kind === "regex" && path.value === ".*");
  return everyPath && headers.length === 0 && queryParams.length === 0;
}
