/** `http[].corsPolicy`. */

import type { CorsPolicy as IrCorsPolicy } from "../../../ir/ir.ts";
import type { CorsPolicy } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";
import { lowerStringMatch } from "./string-match.ts";

/** `{}` for a rule without a policy. */
export function lowerCors(policy: CorsPolicy | undefined): { readonly cors?: IrCorsPolicy } {
  if (policy === undefined) {
    return {};
  }
  const maxAgeMs = durationMs(policy.maxAge);
  return {
    cors: {
      allowOrigins: lowerOrigins(policy),
      allowMethods: (policy.allowMethods ?? []).join(","),
      allowHeaders: (policy.allowHeaders ?? []).join(","),
      exposeHeaders: (policy.exposeHeaders ?? []).join(","),
      ...(maxAgeMs !== undefined && { maxAgeSeconds: Math.floor(maxAgeMs / 1000) }),
      allowCredentials: policy.allowCredentials ?? false,
      forwardUnmatchedPreflights: policy.unmatchedPreflights !== "IGNORE",
    },
  };
}

/** The deprecated list counts only without the other, even an empty one. */
function lowerOrigins({ allowOrigins, allowOrigin }: CorsPolicy): IrCorsPolicy["allowOrigins"] {
  return allowOrigins !== undefined
    ? allowOrigins.flatMap((origin) => lowerStringMatch(origin) ?? [])
    : (allowOrigin ?? []).map((value) => ({ kind: "exact", value }));
}
