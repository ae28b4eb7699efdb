/** `http[].rewrite`, and with it what else gives a request another host. */

import type { Forward } from "../../../ir/ir.ts";
import type { HttpRoute } from "../../resources/model.ts";
import type { Site } from "../context/site.ts";
import { lowerRuleHeaders } from "./header-operations.ts";

/** A host that is written out wins over one among the header operations. Only a rule with a `rewrite` keeps the host before. */
export function lowerRewrite(
  http: HttpRoute,
  { appendsForwardedHost }: Pick<Site, "appendsForwardedHost"> = {},
): Pick<Forward, "rewrite" | "hostRewrite" | "appendsForwardedHost"> {
  const { uri, authority, uriRegexRewrite: regex } = http.rewrite ?? {};
  const host = authority || lowerRuleHeaders(http).host;
  return {
    ...(regex?.match
      ? { rewrite: { kind: "regex", pattern: regex.match, substitution: regex.rewrite ?? "" } }
      : uri && { rewrite: { kind: "matched", value: uri } }),
    ...(host && { hostRewrite: host }),
    ...(host && http.rewrite !== undefined && appendsForwardedHost && { appendsForwardedHost }),
  };
}
