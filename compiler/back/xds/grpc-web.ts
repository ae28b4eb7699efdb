/**
 * gRPC-Web: what browsers speak is translated to gRPC for the service, and its answers back. Rules see the request as it
 * was sent, so the filter that decides stands before it; Envoy's own routes are looked up before any filter.
 */

import type { Listener } from "../../ir/ir.ts";
import { type Extension, typed } from "./protobuf.ts";

const GRPC_WEB: Extension = {
  name: "envoy.filters.http.grpc_web",
  typed_config: typed("envoy.extensions.filters.http.grpc_web.v3.GrpcWeb", {}),
};

/**
 * Before the fault filter, where istiod has it. What our own filter answers has passed by it, and carries the HTTP status
 * alone, which those clients understand: the gRPC status that Envoy would add to an abort is made from it.
 */
export function grpcWebFilters({ routes: { grpcWeb } }: Listener): readonly Extension[] {
  return grpcWeb === true ? [GRPC_WEB] : [];
}
