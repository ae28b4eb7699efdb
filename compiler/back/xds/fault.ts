/** Envoy's fault filter, configured for one route. */

import type { Fault, FaultAbort } from "../../ir/ir.ts";
import { duration, type FractionalPercent, fractionalPercent } from "./protobuf.ts";

export const FAULT_FILTER = "envoy.filters.http.fault";
export const FAULT_TYPE = "envoy.extensions.filters.http.fault.v3.HTTPFault";

/** `envoy.extensions.filters.http.fault.v3.HTTPFault` */
export interface FaultConfig {
  readonly disable_downstream_cluster_stats: true;
  readonly delay?: { readonly fixed_delay: string; readonly percentage: FractionalPercent };
  readonly abort?: {
    readonly http_status?: number;
    readonly grpc_status?: number;
    readonly percentage: FractionalPercent;
  };
}

export function emitFault({ delay, abort }: Fault): FaultConfig {
  return {
    // A client says which that is: each name that it makes up would be two more statistics.
    disable_downstream_cluster_stats: true,
    ...(delay && {
      delay: { fixed_delay: duration(delay.fixedMs), percentage: fractionalPercent(delay.perMillion) },
    }),
    ...(abort && { abort: { ...abortStatus(abort), percentage: fractionalPercent(abort.perMillion) } }),
  };
}

function abortStatus(abort: FaultAbort): { readonly http_status: number } | { readonly grpc_status: number } {
  return abort.kind === "http" ? { http_status: abort.status } : { grpc_status: abort.status };
}
