/** Redirects. Source: istiod's `validateHTTPRedirect`. */

import type { FieldPath } from "../../resources/resource.ts";
import type { HttpRoute } from "../../resources/types.ts";
import { checkPort, quote } from "./common.ts";
import type { Reporter } from "./reporter.ts";

export function checkRedirect(reporter: Reporter, { redirect, match }: HttpRoute, path: FieldPath): void {
  if (!redirect) {
    return;
  }
  const at = [...path, "redirect"];
  if (redirect.uri && redirect.prefixRewrite) {
    reporter.report("SL0218", [...at, "prefixRewrite"], "uri and prefixRewrite cannot be combined");
  }
  if (redirect.prefixRewrite && match?.some((entry) => entry?.uri && entry.uri.prefix === undefined)) {
    reporter.report("SL0240", [...at, "prefixRewrite"], "prefixRewrite needs a prefix in every match on uri");
  }
  if (
    !redirect.uri &&
    !redirect.prefixRewrite &&
    !redirect.authority &&
    !redirect.scheme &&
    redirect.port === undefined &&
    redirect.derivePort === undefined
  ) {
    reporter.report(
      "SL0240",
      at,
      "the redirect changes nothing",
      "Set uri, prefixRewrite, authority, port, derivePort or scheme.",
    );
  }
  if (redirect.port !== undefined && redirect.port !== 0) {
    checkPort(reporter, redirect.port, [...at, "port"]);
  }
  const code = redirect.redirectCode;
  if (code !== undefined && code !== 0 && (code < 300 || code > 399)) {
    reporter.report(
      "SL0240",
      [...at, "redirectCode"],
      `${code} is not a valid redirect code`,
      "Use 301, 302, 303, 307 or 308.",
    );
  }
  if (redirect.scheme && redirect.scheme !== "http" && redirect.scheme !== "https") {
    reporter.report("SL0240", [...at, "scheme"], `${quote(redirect.scheme)} is neither http nor https`);
  }
}
