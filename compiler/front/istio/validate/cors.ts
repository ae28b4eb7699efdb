/** Cross-origin policies. Source: istiod's `validateCORSPolicy`. */

import { isHeaderName } from "../../resources/header-names.ts";
import type { FieldPath } from "../../resources/resource.ts";
import type { CorsPolicy } from "../../resources/types.ts";
import { checkDuration, checkStringMatch, quote } from "./common.ts";
import { each, type Reporter } from "./reporter.ts";

const METHODS = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "*",
]);

export function checkCors(reporter: Reporter, policy: CorsPolicy | undefined, path: FieldPath): void {
  if (!policy) {
    return;
  }
  each(policy.allowOrigins, [...path, "allowOrigins"], (origin, at) => {
    if (!origin || !(origin.exact || origin.prefix || origin.regex)) {
      reporter.report("SL0250", at, "an origin needs a non-empty exact, prefix or regex");
    } else {
      checkStringMatch(reporter, origin, at, true);
    }
  });
  each(policy.allowMethods, [...path, "allowMethods"], (method, at) => {
    if (!METHODS.has(method)) {
      reporter.report(
        "SL0250",
        at,
        `${quote(method)} is not a valid method`,
        `Use one of ${[...METHODS].join(", ")}.`,
      );
    }
  });
  for (const field of ["allowHeaders", "exposeHeaders"] as const) {
    each(policy[field], [...path, field], (name, at) => {
      if (!isHeaderName(name)) {
        reporter.report("SL0220", at, `${quote(name)} is not a valid header name`);
      }
    });
  }
  const maxAge = checkDuration(reporter, policy.maxAge, [...path, "maxAge"]);
  if (maxAge !== undefined && maxAge % 1000 !== 0) {
    reporter.report(
      "SL0250",
      [...path, "maxAge"],
      `${quote(policy.maxAge!)} is not a whole number of seconds`,
    );
  }
}
