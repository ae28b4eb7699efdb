/** Names of headers that keep the case they were sent in, where HTTP/1.1 has one: without it, Envoy writes them in lower case. */

import { type Extension, typed } from "./protobuf.ts";

/** `envoy.config.core.v3.Http1ProtocolOptions` */
export interface Http1ProtocolOptions {
  readonly header_key_format?: { readonly stateful_formatter: Extension };
}

export const KEEPING_CASE: Http1ProtocolOptions = {
  header_key_format: {
    stateful_formatter: {
      name: "preserve_case",
      typed_config: typed(
        "envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig",
        {},
      ),
    },
  },
};
