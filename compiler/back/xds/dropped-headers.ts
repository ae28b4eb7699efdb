/** What a client may not say at all: headers that are dropped before any filter, and before Envoy looks for a route. */

import { type Extension, typed } from "./protobuf.ts";

export function dropHeaders(names: readonly string[]): Extension {
  return {
    name: "envoy.http.early_header_mutation.header_mutation",
    typed_config: typed("envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation", {
      mutations: names.map((remove) => ({ remove })),
    }),
  };
}
