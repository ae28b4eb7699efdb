/** `http[].rewrite`, and with it what else gives a request another host. */

import type { Forward } from "../../../ir/ir.ts";
import type { HttpRoute } from "../../resources/model.ts";
import { lowerRuleHeaders } from "./header-operations.ts";

/** A host that is written out wins over one among the header operations. */
export function lowerRewrite(http: HttpRoute): Pick<Forward, "rewrite" | "hostRewrite"> {
  const { uri, authority, uriRegexRewrite: regex } = http.rewrite ?? {};
  const host = authority || lowerRuleHeaders(http).host;
  return {
    ...(regex?.match
      ? { rewrite: { kind: "regex", pattern: regex.match, substitution: regex.rewrite ?? "" } }
      : uri && { rewrite: { kind: "matched", value: uri } }),
    ...(host && { hostRewrite: host }),
  };
}
