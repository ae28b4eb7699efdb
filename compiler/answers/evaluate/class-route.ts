/**
 * What Envoy's route of a class does to a request that the filter sends on: variables in headers, rewrites that only
 * Envoy can make. The filter named the class, so what happens follows from the IR.
 */

import * as layout from "../../../filter/layout.ts";
import { matchedStart } from "../../back/program/outcome-edits.ts";
import type { PathMatch, PathRewrite } from "../../ir/ir.ts";
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
    result = setHeader(result, layout.ORIGINAL_HOST_HEADER, headerOf(result, ":authority") ?? "");
    result = setHeader(result, ":authority", rewrite.host);
  }
  if (rewrite?.path !== undefined) {
    const path = headerOf(result, ":path") ?? "";
    const to = rewritten(path, rewrite.path, rewrite.match);
    if (to !== undefined) {
      result = setHeader(result, layout.ORIGINAL_PATH_HEADER, path);
      result = setHeader(result, ":path", to);
    }
  }
  return [...result];
}

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
