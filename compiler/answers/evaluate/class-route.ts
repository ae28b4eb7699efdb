/**
 * What Envoy's route of a class does to a request that the filter sends on: variables in headers, rewrites that only
 * Envoy can make. The filter named the class, so what happens follows from the IR.
 */

import * as layout from "../../../filter/layout.ts";
import { matchedStart } from "../../back/program/outcome-edits.ts";
import type { PathMatch, PathRewrite, RouteTable } from "../../ir/ir.ts";
import type { RouteClass } from "../../ir/route-class.ts";
import { regexReplace } from "../../regex/matches.ts";
import type { HeaderLine } from "../request/wire.ts";
import type { FormatContext } from "./format-string.ts";
import { headerOf, mutate, setHeader } from "./headers.ts";

/** Named by the filter for Envoy's routes; no upstream sees them. */
const DECISION_HEADERS: ReadonlySet<string> = new Set([layout.CLUSTER_HEADER, layout.CLASS_HEADER]);

/** The destination's operations come first, so that the rule's win. */
export function throughClass(
  headers: readonly HeaderLine[],
  routeClass: RouteClass | undefined,
  { suppressesEnvoyHeaders }: Pick<RouteTable, "suppressesEnvoyHeaders">,
  contextOf: (headers: readonly HeaderLine[]) => FormatContext,
): HeaderLine[] {
  let result: readonly HeaderLine[] = headers.filter(([name]) => !DECISION_HEADERS.has(name));
  if (routeClass === undefined) {
    return [...result];
  }
  const { destinationHeaders, rewrite } = routeClass;
  result = mutate(result, destinationHeaders?.request, contextOf);
  if (rewrite?.destinationHost !== undefined) {
    result = setHeader(result, ":authority", rewrite.destinationHost);
  }
  result = mutate(result, routeClass.headers?.request, contextOf);
  if (rewrite?.host !== undefined) {
    const host = headerOf(result, ":authority") ?? "";
    if (rewrite.appendsForwardedHost) {
      result = withForwardedHost(result, host);
    }
    if (!suppressesEnvoyHeaders) {
      result = setHeader(result, layout.ORIGINAL_HOST_HEADER, host);
    }
    result = setHeader(result, ":authority", rewrite.host);
  }
  if (rewrite?.path !== undefined) {
    const path = headerOf(result, ":path") ?? "";
    const to = rewritten(path, rewrite.path, rewrite.match);
    if (to !== undefined) {
      if (!suppressesEnvoyHeaders) {
        result = setHeader(result, layout.ORIGINAL_PATH_HEADER, path);
      }
      result = setHeader(result, ":path", to);
    }
  }
  return [...result];
}

/** Envoy's `updateAuthority`: not twice, one behind the other. */
function withForwardedHost(headers: readonly HeaderLine[], host: string): readonly HeaderLine[] {
  const before = headerOf(headers, FORWARDED_HOST_HEADER) ?? "";
  const last = before.split(",").findLast((one) => one !== "");
  return host === "" || last === host
    ? headers
    : setHeader(headers, FORWARDED_HOST_HEADER, before === "" ? host : `${before},${host}`);
}

const FORWARDED_HOST_HEADER = "x-forwarded-host";

/** `undefined`: as it was. An expression that leaves nothing rewrites nothing; the result need not begin with a slash. */
function rewritten(path: string, rewrite: PathRewrite, match: PathMatch | undefined): string | undefined {
  const end = path.search(/[?#]/);
  const plain = end < 0 ? path : path.slice(0, end);
  const query = path.slice(plain.length);
  if (rewrite.kind === "regex") {
    const replaced = regexReplace(rewrite.pattern, plain, rewrite.substitution);
    return replaced === "" ? undefined : replaced + query;
  }
  const start = matchedStart(match) ?? Buffer.byteLength(plain);
  return rewrite.value + Buffer.from(path).subarray(start).toString();
}
