/** What the upstream gets for a path and a host. Source: istiod's `validateHTTPRewrite`. */

import type { FieldPath } from "../../resources/resource.ts";
import type { HttpRoute } from "../../resources/types.ts";
import { checkRegex } from "./common.ts";
import type { Reporter } from "./reporter.ts";

export function checkRewrite(reporter: Reporter, { rewrite }: HttpRoute, path: FieldPath): void {
  if (!rewrite) {
    return;
  }
  const at = [...path, "rewrite"];
  const regex = rewrite.uriRegexRewrite;
  if (rewrite.uri && regex) {
    reporter.report("SL0218", [...at, "uriRegexRewrite"], "uri and uriRegexRewrite cannot be combined");
  }
  if (!rewrite.uri && !rewrite.authority && !regex) {
    reporter.report("SL0243", at, "the rewrite changes nothing", "Set uri, uriRegexRewrite or authority.");
  }
  if (regex) {
    if (!regex.match || !regex.rewrite) {
      reporter.report("SL0243", [...at, "uriRegexRewrite"], "uriRegexRewrite needs both match and rewrite");
    }
    if (regex.match) {
      checkRegex(reporter, regex.match, [...at, "uriRegexRewrite", "match"]);
    }
  }
}
