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
    reporter.report("SL0218", [...at, "uriRegexRewrite"], "a rewrite has uri or uriRegexRewrite, not both");
  }
  if (!rewrite.uri && !rewrite.authority && !regex) {
    reporter.report(
      "SL0243",
      at,
      "the rewrite changes nothing",
      "Give it uri, uriRegexRewrite or authority.",
    );
  }
  if (regex) {
    if (!regex.match || !regex.rewrite) {
      reporter.report("SL0243", [...at, "uriRegexRewrite"], "match and rewrite are both needed");
    }
    if (regex.match) {
      checkRegex(reporter, regex.match, [...at, "uriRegexRewrite", "match"]);
    }
  }
}
