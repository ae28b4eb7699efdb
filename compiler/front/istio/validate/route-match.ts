/** The conditions of an http rule. Source: istiod's `validateHTTPRouteMatchRequest`. */

import { claimPathOf } from "../../resources/claim-names.ts";
import { isHeaderName } from "../../resources/header-names.ts";
import type { FieldPath } from "../../resources/resource.ts";
import type { HttpMatchRequest } from "../../resources/types.ts";
import { checkLabels, checkPort, checkStringMatch, isDnsLabel, quote } from "./common.ts";
import { checkGatewayNames } from "./gateway-names.ts";
import type { Reporter } from "./reporter.ts";

const PSEUDO_HEADERS = new Set([":method", ":scheme", ":authority", ":path", ":status"]);

/** `claims`: JWT claims may be matched, since the resource is bound to gateways only. */
export function checkRouteMatch(
  reporter: Reporter,
  match: HttpMatchRequest | null,
  path: FieldPath,
  claims: boolean,
): void {
  if (match === null) {
    return;
  }
  checkStringMatch(reporter, match.uri, [...path, "uri"], true);
  for (const field of ["scheme", "method", "authority"] as const) {
    checkStringMatch(reporter, match[field], [...path, field]);
  }
  for (const field of ["headers", "withoutHeaders"] as const) {
    for (const [name, value] of Object.entries(match[field] ?? {})) {
      const at = [...path, field, name];
      checkMatchedHeaderName(reporter, name, at, claims);
      if (value === null) {
        if (field === "headers") {
          reporter.report("SL0220", at, "the condition is missing", "Use {} to match when it is present.");
        }
      } else if (!(value.regex === "*" && field === "withoutHeaders")) {
        checkStringMatch(reporter, value, at);
      }
    }
  }
  for (const [name, value] of Object.entries(match.queryParams ?? {})) {
    checkStringMatch(reporter, value ?? undefined, [...path, "queryParams", name]);
  }
  if (match.port !== undefined && match.port !== 0) {
    checkPort(reporter, match.port, [...path, "port"]);
  }
  checkLabels(reporter, match.sourceLabels, [...path, "sourceLabels"]);
  if (
    match.sourceNamespace !== undefined &&
    match.sourceNamespace !== "" &&
    !isDnsLabel(match.sourceNamespace)
  ) {
    reporter.report(
      "SL0209",
      [...path, "sourceNamespace"],
      `${quote(match.sourceNamespace)} is not a valid namespace`,
    );
  }
  checkGatewayNames(reporter, match.gateways, [...path, "gateways"]);
}

const CLAIMS_ARE_WRITTEN =
  'To match a claim of the verified token, write "@request.auth.claims.NAME", or "@request.auth.claims[NAME]" for a name with dots.';

function checkMatchedHeaderName(reporter: Reporter, name: string, path: FieldPath, claims: boolean): void {
  if (claimPathOf(name) !== undefined) {
    if (!claims) {
      reporter.report(
        "SL0214",
        path,
        "JWT claims can be matched only in rules that are bound to gateways and not to the mesh",
      );
    }
  } else if (!isHeaderName(name) && !PSEUDO_HEADERS.has(name)) {
    reporter.report(
      "SL0220",
      path,
      `${quote(name)} is not a valid header name`,
      name.startsWith("@") ? CLAIMS_ARE_WRITTEN : undefined,
    );
  }
}
