/** Envoy's rewriting of paths and hosts, as istiod writes it. */

import type { PathRewrite } from "../../ir/ir.ts";
import type { RouteAction } from "./route-configuration.ts";

export function emitRewrite(
  path: PathRewrite | undefined,
  host: string | undefined,
  appendsForwardedHost: true | undefined,
): Pick<
  RouteAction,
  "prefix_rewrite" | "regex_rewrite" | "host_rewrite_literal" | "append_x_forwarded_host"
> {
  return {
    ...(path?.kind === "matched" && { prefix_rewrite: path.value }),
    ...(path?.kind === "regex" && {
      regex_rewrite: { pattern: { regex: path.pattern }, substitution: path.substitution },
    }),
    ...(host !== undefined && { host_rewrite_literal: host }),
    ...(appendsForwardedHost && { append_x_forwarded_host: true }),
  };
}
