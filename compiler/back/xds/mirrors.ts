/** Copies of requests, as istiod writes them. */

import type { Mirror } from "../../ir/ir.ts";
import { type FractionalPercent, fractionalPercent } from "./protobuf.ts";

/** `envoy.config.route.v3.RouteAction.RequestMirrorPolicy` */
export interface RequestMirrorPolicy {
  readonly cluster: string;
  readonly runtime_fraction: { readonly default_value: FractionalPercent };
  readonly trace_sampled: false;
  readonly disable_shadow_host_suffix_append: true;
}

export function emitMirrors(mirrors: readonly Mirror[] = []): {
  readonly request_mirror_policies?: readonly RequestMirrorPolicy[];
} {
  return mirrors.length === 0
    ? {}
    : {
        request_mirror_policies: mirrors.map(({ cluster, perMillion }) => ({
          cluster,
          runtime_fraction: { default_value: fractionalPercent(perMillion) },
          trace_sampled: false,
          disable_shadow_host_suffix_append: true,
        })),
      };
}
